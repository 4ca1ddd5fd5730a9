package quickadd

import (
	"net/http"

	"github.com/rondohq/rondo/services/api/assistant/parse"
	"github.com/rondohq/rondo/services/internal/rest"
)

// RegisterPublic mounts the route, which needs no token.
func RegisterPublic(mux rest.Router, e Endpoints) {
	mux.Handle("POST /api/assistant/parse", rest.Handler(e.Parse, rest.Decode[Request], encodeAction))
}

func encodeAction(w http.ResponseWriter, a parse.Action) error { return rest.JSON(w, http.StatusOK, a) }
