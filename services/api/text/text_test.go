package text_test

import (
	"strings"
	"testing"

	"github.com/rondohq/rondo/services/api/text"
	"github.com/stretchr/testify/require"
)

func TestRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ got, want string }{
		"fits":                 {text.Line("Buy milk", 1, 255), ""},
		"empty and allowed":    {text.Line("", 0, 5), ""},
		"empty":                {text.Line("", 1, 5), "is required"},
		"short":                {text.Line("abc", 10, 128), "must have at least 10 characters"},
		"as long as may be":    {text.Line(strings.Repeat("ü", 255), 1, 255), ""},
		"long":                 {text.Line(strings.Repeat("ü", 256), 1, 255), "must have at most 255 characters"},
		"zero byte":            {text.Line("a\x00b", 1, 5), "must not hold control characters"},
		"two lines":            {text.Line("a\nb", 1, 5), "must not hold control characters"},
		"two lines in a block": {text.Block("a\r\n\tb", 9), ""},
		"escape in a block":    {text.Block("\x1b[31m", 9), "must not hold control characters"},
		"no UTF-8":             {text.Line("a\xff", 1, 5), "must be valid UTF-8"},
	} {
		require.Equal(t, c.want, c.got, name)
	}
}
