package broker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
)

// repairLogs cuts a half-written entry off the end of the logs of group offsets
// and producers. kfake skips such a tail when it loads but goes on writing
// behind it, and would then lose all later entries at the next start.
func repairLogs(dataDir string, log *slog.Logger) error {
	for _, name := range []string{"groups.log", "pids.log"} {
		path := filepath.Join(dataDir, name)
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		valid := validPrefix(data)
		if valid == len(data) {
			continue
		}
		log.Warn("cut a half-written entry off", "file", name, "bytes", len(data)-valid)
		if err := os.Truncate(path, int64(valid)); err != nil {
			return fmt.Errorf("repair %s: %w", path, err)
		}
	}
	return nil
}

// validPrefix is the length of the whole entries at the start of one of kfake's
// logs: length (4 bytes, little-endian), CRC-32C of the body (4), body.
func validPrefix(data []byte) int {
	const header = 8
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	pos := 0
	for len(data)-pos >= header {
		length := int(binary.LittleEndian.Uint32(data[pos:]))
		if length > len(data)-pos-header {
			break
		}
		body := data[pos+header : pos+header+length]
		if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(data[pos+4:]) {
			break
		}
		pos += header + length
	}
	return pos
}

// forgetSequences removes the producers' sequence numbers that the last orderly
// stop saved, once they are loaded: after a crash they would be old, and the
// broker would refuse an idempotent producer that has gone on since.
func forgetSequences(dataDir string) error {
	err := os.Remove(filepath.Join(dataDir, "seq_windows.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
