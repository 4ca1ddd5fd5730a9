package clustertest

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/platform/topology"
)

// person uses the web application as a browser without scripts does.
type person struct {
	t      *testing.T
	client *http.Client
	base   string // where the application is reached
	public *url.URL
}

func (c *testCluster) visit(t *testing.T) *person {
	t.Helper()
	public, err := url.Parse(c.env.URL())
	require.NoError(t, err)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &person{
		t: t, base: c.reach(t, topology.Frontend), public: public,
		client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// reach leads to the public listener of a service.
func (c *testCluster) reach(t *testing.T, s topology.Service) string {
	t.Helper()
	local, stop, err := c.forward(t.Context(), c.env.Namespace, nameLabel+"="+s.Name, topology.ClusterPorts.Public)
	require.NoError(t, err)
	t.Cleanup(stop)
	return "http://" + local
}

func (p *person) do(method, path string, form url.Values) (status int, page string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	req.Host = p.public.Host
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", p.public.String())
	}
	resp, err := p.client.Do(req)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	return resp.StatusCode, string(text)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// send fills in a form of a page and sends it, with what the page has hidden in it.
func (p *person) send(page, action string, fields map[string]string) {
	p.t.Helper()
	status, text := p.do(http.MethodGet, page, nil)
	require.Equal(p.t, http.StatusOK, status, text)
	form := url.Values{}
	for _, match := range hidden.FindAllStringSubmatch(text, -1) {
		if !form.Has(match[1]) {
			form.Set(match[1], match[2])
		}
	}
	for name, value := range fields {
		form.Set(name, value)
	}
	status, text = p.do(http.MethodPost, action, form)
	require.Equal(p.t, http.StatusSeeOther, status, text)
}

// Through the web application, the sidecars, the database and the broker, to the
// consumers and back.
func TestSomebodySignsUpAndIsReminded(t *testing.T) {
	t.Parallel()
	c := setup(t)
	p := c.visit(t)
	email, password, title := strings.ToLower(rand.Text())+"@example.com", rand.Text(), "Water the plants "+rand.Text()
	p.send("/sign-up", "/sign-up", map[string]string{
		"email": email, "password": password, "display_name": "Cluster", "timezone": "Europe/Berlin",
	})
	p.send("/tasks", "/tasks", map[string]string{"title": title})
	_, page := p.do(http.MethodGet, "/tasks", nil)
	require.Contains(t, page, title)

	recurring := c.reach(t, topology.Recurring)
	eventually(t, "recurring has seen the task", func() bool {
		return delivered(t, recurring, topology.TaskEvents) > 0
	})

	api := c.reach(t, topology.API)
	var session struct{ Token string }
	call(t, api+"/api/auth/sign-in", "", map[string]any{"email": email, "password": password}, &session)
	var tasks struct{ Items []struct{ ID, Title string } }
	call(t, api+"/api/tasks", session.Token, nil, &tasks)
	require.Len(t, tasks.Items, 1)
	call(t, api+"/api/reminders", session.Token, map[string]any{
		"task_id": tasks.Items[0].ID, "remind_at": time.Now().Add(3 * time.Second),
	}, nil)
	notifier := c.reach(t, topology.Notifier)
	eventually(t, "notifier has seen the reminder", func() bool { return delivered(t, notifier, topology.Reminders) > 0 })
	eventually(t, "the reminder has come", func() bool {
		var notifications struct{ Items []struct{ Title string } }
		call(t, api+"/api/notifications", session.Token, nil, &notifications)
		return len(notifications.Items) == 1 && strings.Contains(notifications.Items[0].Title, title)
	})
}

// The listener that sidecars call is on another port than people's, and even there
// refuses who has not the sidecar's token.
func TestTheSidecarsListenerRefusesOthers(t *testing.T) {
	t.Parallel()
	c := setup(t)
	for _, s := range c.env.Services() {
		local, stop, err := c.forward(t.Context(), c.env.Namespace, nameLabel+"="+s.Name, topology.ClusterPorts.App)
		require.NoError(t, err)
		t.Cleanup(stop)
		resp, err := http.Post("http://"+local+topology.EventsPath+topology.TaskEvents.Name, "application/cloudevents+json", strings.NewReader("{}"))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode, s.Name)
	}
}

// call sends a request, a GET when there is no body, that has to succeed.
func call(t *testing.T, address, token string, body, into any) {
	t.Helper()
	method, reader := http.MethodGet, io.Reader(http.NoBody)
	if body != nil {
		text, err := json.Marshal(body)
		require.NoError(t, err)
		method, reader = http.MethodPost, bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, reader)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Less(t, resp.StatusCode, http.StatusMultipleChoices, "%s %s: %s", method, address, text)
	if into != nil {
		require.NoError(t, json.Unmarshal(text, into), string(text))
	}
}

// delivered counts the events of a topic that a service has taken, by its metrics.
func delivered(t *testing.T, service string, topic topology.Topic) (count int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, service+"/metrics", http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "rondo_events_delivered_total{") && strings.Contains(line, `topic="`+topic.Name+`"`) &&
			strings.Contains(line, `answer="success"`) && !strings.HasSuffix(line, " 0") {
			count++
		}
	}
	return count
}
