package calendar

import (
	"net/http"
	"strconv"
	"time"

	"github.com/rondohq/rondo/services/api/text"
	"github.com/rondohq/rondo/services/internal/rest"
)

// Register mounts the route. Authentication is the mux's business.
func Register(mux rest.Router, e Endpoints) {
	mux.Handle("GET /api/calendar", rest.Handler(e.Read, decodeQuery, encodeCalendar))
}

func decodeQuery(r *http.Request) (Query, error) {
	var p rest.Parser
	values, err := p.Query(r, "from", "before", "timezone", "per_day")
	if err != nil {
		return Query{}, err
	}
	q := Query{Zone: time.UTC, PerDay: DefaultPerDay}
	q.From = rest.Optional(&p, "from", values.One("from"), rest.ParseTime)
	q.Before = rest.Optional(&p, "before", values.One("before"), rest.ParseTime)
	if name := values.One("timezone"); name != nil {
		zone, wrong := text.Zone(*name)
		if q.Zone = zone; wrong != "" {
			p.Complainf("timezone", "%s", wrong)
		}
	}
	if perDay := values.One("per_day"); perDay != nil {
		if q.PerDay, err = strconv.Atoi(*perDay); err != nil || q.PerDay < 0 || q.PerDay > MaxPerDay {
			p.Complainf("per_day", "must be a whole number from 0 to %d", MaxPerDay)
		}
	}
	return q, p.Err()
}

func encodeCalendar(w http.ResponseWriter, c Calendar) error { return rest.JSON(w, http.StatusOK, c) }
