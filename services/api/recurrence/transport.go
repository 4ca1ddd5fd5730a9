package recurrence

import (
	"fmt"
	"net/http"
	"time"

	engine "github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/internal/rest"
)

// Register mounts the routes, which need no token; one that is there is the mux's
// business.
func Register(mux rest.Router, e Endpoints) {
	mux.Handle("POST /api/recurrence/preview", rest.Handler(e.Preview, decodeRequest, encodePreview))
}

func decodeRequest(r *http.Request) (from, error) {
	body, err := rest.Decode[struct {
		RRule    string   `json:"rrule"`
		DTStart  *string  `json:"dtstart"`
		Timezone *string  `json:"timezone"`
		After    *string  `json:"after"`
		Limit    *int     `json:"limit"`
		RDate    []string `json:"rdate"`
		ExDate   []string `json:"exdate"`
	}](r)
	if err != nil {
		return from{}, err
	}
	var p rest.Parser
	req := Request{Spec: engine.Spec{RRule: body.RRule}, Limit: DefaultLimit, After: rest.Optional(&p, "after", body.After, rest.ParseTime)}
	if body.Timezone == nil || *body.Timezone == "" {
		p.Complainf("timezone", "is required: the IANA name of a time zone, such as Europe/Berlin")
	} else {
		req.Spec.Zone = *body.Timezone
	}
	if body.DTStart == nil {
		p.Complainf("dtstart", "is required: a local time such as 2026-03-27T14:00:00")
	} else {
		req.Spec.Start = local(&p, "dtstart", *body.DTStart)
		req.Days = len(*body.DTStart) <= len(time.DateOnly)
	}
	if body.Limit != nil {
		if *body.Limit < 1 || *body.Limit > MaxLimit {
			p.Complainf("limit", "must be a whole number from 1 to %d", MaxLimit)
		}
		req.Limit = *body.Limit
	}
	req.Spec.RDates = locals(&p, "rdate", body.RDate)
	req.Spec.ExDates = locals(&p, "exdate", body.ExDate)
	return from{Address: r.RemoteAddr, Request: req}, p.Err()
}

func locals(p *rest.Parser, name string, texts []string) []engine.Local {
	if len(texts) > engine.MaxDates { // name no more of them than may be
		p.Complainf(name, "are more than %d", engine.MaxDates)
		return nil
	}
	all := make([]engine.Local, len(texts))
	for i, text := range texts {
		all[i] = local(p, fmt.Sprintf("%s[%d]", name, i), text)
	}
	return all
}

func local(p *rest.Parser, field, text string) engine.Local {
	l, err := engine.ParseLocal(text)
	if err != nil {
		p.Complainf(field, "must be a local time such as 2026-03-27T14:00:00, without a zone")
	}
	return l
}

func encodePreview(w http.ResponseWriter, p Preview) error {
	body := struct {
		Description string   `json:"description"`
		Occurrences []string `json:"occurrences"`
		Finished    bool     `json:"finished"`
	}{p.Description, make([]string, len(p.Occurrences)), p.Finished}
	for i, at := range p.Occurrences {
		body.Occurrences[i] = at.Format(time.RFC3339)
	}
	return rest.JSON(w, http.StatusOK, body)
}
