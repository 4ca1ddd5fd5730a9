package tag

import (
	"net/http"

	"github.com/rondohq/rondo/services/internal/rest"
)

// Register mounts the routes. Authentication is the mux's business.
func Register(mux rest.Router, e Endpoints) {
	mux.Handle("GET /api/tags", rest.Handler(e.List, decodeNothing, encodeTags))
	mux.Handle("POST /api/tags", rest.Handler(e.Create, decodeName, encodeCreated))
	mux.Handle("PATCH /api/tags/{id}", rest.Handler(e.Rename, decodeRename, encodeTag))
	mux.Handle("DELETE /api/tags/{id}", rest.Handler(e.Delete, rest.PathID, encodeNothing))
}

func decodeNothing(*http.Request) (nothing, error) { return nothing{}, nil }

func decodeName(r *http.Request) (string, error) {
	body, err := rest.Decode[struct {
		Name string `json:"name"`
	}](r)
	return body.Name, err
}

func decodeRename(r *http.Request) (rename, error) {
	id, err := rest.PathID(r)
	if err != nil {
		return rename{}, err
	}
	name, err := decodeName(r)
	return rename{ID: id, Name: name}, err
}

func encodeTags(w http.ResponseWriter, tags []Tag) error {
	return rest.JSON(w, http.StatusOK, map[string][]Tag{"items": tags})
}

func encodeTag(w http.ResponseWriter, t Tag) error { return rest.JSON(w, http.StatusOK, t) }

func encodeCreated(w http.ResponseWriter, t Tag) error { return rest.JSON(w, http.StatusCreated, t) }

func encodeNothing(w http.ResponseWriter, _ nothing) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}
