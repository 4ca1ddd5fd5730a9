package exchange

import (
	"bufio"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/go-kit/kit/endpoint"

	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/ical"
	"github.com/rondohq/rondo/services/internal/idempotency"
	"github.com/rondohq/rondo/services/internal/problem"
	"github.com/rondohq/rondo/services/internal/rest"
)

const (
	// chunk is how much of an export is sent at once, in bytes. A failure before
	// the first is still answered with a problem.
	chunk = 64 << 10
	// patience is how long a client may take for a chunk: meanwhile the export
	// holds a connection to the database.
	patience = 30 * time.Second
)

// Register mounts the routes. Authentication is the mux's business; it has to let
// bodies of MaxBody pass.
func Register(mux rest.Router, e Endpoints) {
	mux.Handle("GET /api/export", export(e.Export))
	mux.Handle("POST /api/import", rest.Handler(e.Import, decodeUpload, encodeResult))
}

// export streams, so it is no decode and encode: what the endpoint finds goes
// straight to the client.
func export(e endpoint.Endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		format, err := decodeFormat(r)
		if err != nil {
			problem.Write(r.Context(), err, w)
			return
		}
		d := &download{w: w, format: format, day: time.Now().UTC().Format(time.DateOnly)}
		buffer := bufio.NewWriterSize(d, chunk)
		_, err = e(r.Context(), newSink(format, buffer))
		if err == nil {
			err = buffer.Flush()
		}
		switch {
		case err != nil && d.started:
			// The status is sent. A broken connection is the one way left to say that
			// this is not all.
			panic(http.ErrAbortHandler)
		case err != nil:
			problem.Write(r.Context(), err, w)
		}
	})
}

func newSink(format Format, w io.Writer) Sink {
	switch format {
	case CSV:
		return newCSVSink(w)
	case Calendar:
		return newCalendarSink(w)
	case JSON:
	}
	return newJSONSink(w)
}

// download sets the headers when the first chunk is ready.
type download struct {
	w       http.ResponseWriter
	format  Format
	day     string
	started bool
}

var mediaTypes = map[Format]string{JSON: "application/json", CSV: "text/csv; charset=utf-8", Calendar: ical.MediaType + "; charset=utf-8"}

// Write implements io.Writer.
func (d *download) Write(p []byte) (int, error) {
	if !d.started {
		d.started = true
		h := d.w.Header()
		h.Set("Content-Type", mediaTypes[d.format])
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="rondo-%s.%s"`, d.day, d.format))
		h.Set("Cache-Control", "no-store")
	}
	// Not every writer has deadlines, a test's for one.
	_ = http.NewResponseController(d.w).SetWriteDeadline(time.Now().Add(patience))
	return d.w.Write(p) //nolint:wrapcheck // the connection's error as it is
}

func decodeFormat(r *http.Request) (Format, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", fault.New(fault.Invalid, "The query string is malformed.").Because("malformed_query", err)
	}
	for name := range values {
		if name != "format" {
			return "", fault.Invalidf(name, "is not a parameter of an export")
		}
	}
	formats := values["format"]
	switch {
	case len(formats) == 0:
		return JSON, nil
	case len(formats) == 1 && mediaTypes[Format(formats[0])] != "":
		return Format(formats[0]), nil
	}
	return "", fault.Invalidf("format", "must be json, csv or ics")
}

func decodeUpload(r *http.Request) (upload, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	formats := map[string]Format{"application/json": JSON, "text/csv": CSV, ical.MediaType: Calendar}
	format, ok := formats[media]
	if err != nil || !ok {
		return upload{}, fault.New(fault.UnsupportedMedia, "Send the file as application/json, text/csv or text/calendar.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxBody))
	if err != nil {
		return upload{}, idempotency.Unreadable(err)
	}
	return upload{Format: format, Body: body}, nil
}

func encodeResult(w http.ResponseWriter, result Result) error {
	result.Ignored = notNil(result.Ignored)
	return rest.JSON(w, http.StatusOK, result)
}
