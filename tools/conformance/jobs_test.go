package conformance_test

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/dapr/go-sdk/client"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/rondohq/rondo/platform/topology"
)

// emptyJob is the data of every job: `{}`.
func emptyJob() client.JobOption { return client.WithJobData(&anypb.Any{Value: []byte("{}")}) }

// schedule makes a job that is due at the instant, as services do.
func (n *node) schedule(t *testing.T, name string, due time.Time, opts ...client.JobOption) error {
	t.Helper()
	opts = append([]client.JobOption{client.WithJobDueTime(due.UTC().Format(time.RFC3339Nano)), emptyJob()}, opts...)
	return n.dapr.ScheduleJob(t.Context(), client.NewJob(name, opts...))
}

func overwrite(job *client.Job) { job.Overwrite = true }

func TestAJobIsDeliveredOnceWhenItIsDue(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	api := s.node(topology.API)
	// A name as services give it.
	name := "reminders-20261122T090000Z"
	got, after := api.app.job(t, name, nil), api.app.job(t, t.Name()+"-after", nil)
	due := time.Now().Add(time.Second)
	require.NoError(t, api.schedule(t, name, due))
	require.NoError(t, api.schedule(t, t.Name()+"-after", due.Add(2*time.Second)))

	await(t, "the job is delivered", func() bool { return got.count() > 0 })
	require.False(t, time.Now().Before(due), "it came before it was due")
	call := got.list()[0]
	require.Equal(t, http.MethodPost, call.method)
	require.Equal(t, topology.JobPath+name, call.path)
	require.JSONEq(t, "{}", string(call.body))

	await(t, "a later job", func() bool { return after.count() > 0 })
	require.Equal(t, 1, got.count())
	// A job that is done is gone.
	requireNoJob(t, api, name)
}

func TestAJobInThePastIsDeliveredAtOnce(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	api := s.node(topology.API)
	got := api.app.job(t, t.Name(), nil)
	require.NoError(t, api.schedule(t, t.Name(), time.Now().Add(-time.Hour)))
	await(t, "the job is delivered", func() bool { return got.count() == 1 })
}

// Through gRPC a job without data arrives with an empty body. Through HTTP it is
// accepted and never arrives.
func TestAJobWithoutDataIsLostWhenScheduledByHTTP(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	api := s.node(topology.API)
	lost, empty, after := api.app.job(t, t.Name(), nil), api.app.job(t, t.Name()+"-grpc", nil), api.app.job(t, t.Name()+"-after", nil)
	now := time.Now().UTC()
	resp := api.call(t, http.MethodPost, "/v1.0-alpha1/jobs/"+t.Name(), fmt.Sprintf(`{"dueTime":%q}`, now.Format(time.RFC3339Nano)))
	require.Equal(t, http.StatusNoContent, resp.status, resp.body)
	require.NoError(t, api.dapr.ScheduleJob(t.Context(), client.NewJob(t.Name()+"-grpc", client.WithJobDueTime(now.Format(time.RFC3339Nano)))))
	// The default failure policy tries three times more, a second apart.
	require.NoError(t, api.schedule(t, t.Name()+"-after", now.Add(6*time.Second)))
	await(t, "the other jobs", func() bool { return after.count() > 0 && empty.count() > 0 })
	require.Zero(t, lost.count())
	requireNoJob(t, api, t.Name())
	require.Empty(t, string(empty.list()[0].body))
}

// What an app answers to a job decides whether it comes again. The failure policy
// allows three more tries here.
func TestAnAnswerDecidesWhetherAJobComesAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer answer
		calls  int
	}{
		"200":       {answer{http.StatusOK, ""}, 1},
		"204":       {answer{http.StatusNoContent, ""}, 1},
		"404":       {answer{http.StatusNotFound, ""}, 1},
		"400":       {answer{http.StatusBadRequest, ""}, 4},
		"401":       {answer{http.StatusUnauthorized, ""}, 4},
		"500":       {answer{http.StatusInternalServerError, ""}, 4},
		"503":       {answer{http.StatusServiceUnavailable, ""}, 4},
		"no answer": {answer{}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sharedStack(t)
			api := s.node(topology.API)
			job := jobName(t)
			got := api.app.job(t, job, func(int) answer { return test.answer })
			after := api.app.job(t, job+"-after", nil)
			due := time.Now().Add(200 * time.Millisecond)
			require.NoError(t, api.schedule(t, job, due,
				client.WithJobConstantFailurePolicyMaxRetries(3), client.WithJobConstantFailurePolicyInterval(200*time.Millisecond)))
			require.NoError(t, api.schedule(t, job+"-after", due.Add(4*time.Second)))
			await(t, "a later job", func() bool { return after.count() > 0 && got.count() >= test.calls })
			require.Equal(t, test.calls, got.count())
			requireNoJob(t, api, job)
		})
	}
}

func TestAFailurePolicyDecidesHowOften(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		policy []client.JobOption
		calls  int
	}{
		"none":     {nil, 4},
		"drop":     {[]client.JobOption{client.WithJobDropFailurePolicy()}, 1},
		"constant": {[]client.JobOption{client.WithJobConstantFailurePolicyInterval(50 * time.Millisecond)}, 20}, // no limit: until it is accepted
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sharedStack(t)
			api := s.node(topology.API)
			job := jobName(t)
			got := api.app.job(t, job, func(call int) answer {
				if call == 20 {
					return answer{http.StatusOK, ""}
				}
				return answer{http.StatusInternalServerError, ""}
			})
			after := api.app.job(t, job+"-after", nil)
			require.NoError(t, api.schedule(t, job, time.Now(), test.policy...))
			require.NoError(t, api.schedule(t, job+"-after", time.Now().Add(6*time.Second)))
			await(t, "a later job", func() bool { return after.count() > 0 && got.count() >= test.calls })
			require.Equal(t, test.calls, got.count())
		})
	}
}

func TestAJobIsReplacedOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	api := s.node(topology.API)
	got, after := api.app.job(t, t.Name(), nil), api.app.job(t, t.Name()+"-after", nil)
	early, late := time.Now().Add(500*time.Millisecond), time.Now().Add(2*time.Second)
	require.NoError(t, api.schedule(t, t.Name(), early))
	err := api.schedule(t, t.Name(), late)
	require.Equal(t, codes.AlreadyExists, status.Code(err), "%v", err)
	require.NoError(t, api.schedule(t, t.Name(), late, overwrite))
	require.NoError(t, api.schedule(t, t.Name()+"-after", late.Add(time.Second)))
	await(t, "the job is delivered", func() bool { return got.count() > 0 })
	require.False(t, time.Now().Before(late), "it came at the time that was replaced")
	await(t, "a later job", func() bool { return after.count() > 0 })
	require.Equal(t, 1, got.count())
}

func TestADeletedJobIsNotDelivered(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	api := s.node(topology.API)
	got, after := api.app.job(t, t.Name(), nil), api.app.job(t, t.Name()+"-after", nil)
	due := time.Now().Add(time.Second)
	require.NoError(t, api.schedule(t, t.Name(), due))
	require.NoError(t, api.dapr.DeleteJob(t.Context(), t.Name()))
	require.NoError(t, api.schedule(t, t.Name()+"-after", due.Add(time.Second)))
	await(t, "a later job", func() bool { return after.count() > 0 })
	require.Zero(t, got.count())
	require.NoError(t, api.dapr.DeleteJob(t.Context(), t.Name()), "deleting what is not there")
}

// Two apps may use one name: each has jobs of its own, and gets only those.
func TestAJobBelongsToTheAppThatScheduledIt(t *testing.T) {
	t.Parallel()
	s := sharedStack(t)
	api, recurring := s.node(topology.API), s.node(topology.Recurring)
	name := jobName(t)
	got, other := api.app.job(t, name, nil), recurring.app.job(t, name, nil)
	after := recurring.app.job(t, name+"-after", nil)
	due := time.Now().Add(500 * time.Millisecond)
	require.NoError(t, api.schedule(t, name, due))
	requireNoJob(t, recurring, name)
	require.NoError(t, recurring.schedule(t, name+"-after", due.Add(time.Second)))
	await(t, "both jobs", func() bool { return got.count() > 0 && after.count() > 0 })
	require.Equal(t, 1, got.count())
	require.Zero(t, other.count())
}

// A job outlives the scheduler's and its sidecar's sudden death, whether it is
// due while they are away or later.
func TestAJobSurvivesTheDeathOfSchedulerAndSidecar(t *testing.T) {
	t.Parallel()
	s := ownStack(t, topology.Recurring)
	n := s.node(topology.Recurring)
	meanwhile, later := n.app.job(t, "meanwhile", nil), n.app.job(t, "later", nil)
	now := time.Now()
	require.NoError(t, n.schedule(t, "meanwhile", now.Add(1500*time.Millisecond)))
	require.NoError(t, n.schedule(t, "later", now.Add(6*time.Second)))
	s.scheduler.Stop(syscall.SIGKILL, 0)
	n.process.Stop(syscall.SIGKILL, 0)
	require.Zero(t, meanwhile.count()+later.count())

	require.NoError(t, s.startScheduler(t.Context()))
	require.NoError(t, n.startSidecar(t.Context()))
	await(t, "both jobs", func() bool { return meanwhile.count() > 0 && later.count() > 0 })

	// A sidecar that lives finds the new scheduler by itself.
	again := n.app.job(t, "again", nil)
	s.scheduler.Stop(syscall.SIGKILL, 0)
	require.NoError(t, s.startScheduler(t.Context()))
	require.NoError(t, n.schedule(t, "again", time.Now()))
	await(t, "the job of a sidecar that stayed", func() bool { return again.count() > 0 })
	require.True(t, n.running())
}

// requireNoJob wants the app to have no such job. The sidecar hides the
// scheduler's NotFound behind Internal.
func requireNoJob(t *testing.T, n *node, name string) {
	t.Helper()
	_, err := n.dapr.GetJob(t.Context(), name)
	require.Equal(t, codes.Internal, status.Code(err), "%v", err)
	require.ErrorContains(t, err, "job not found")
}

// jobName is a name for a subtest's job without what a path would take apart.
func jobName(t *testing.T) string {
	t.Helper()
	name := []byte(t.Name())
	for i, c := range name {
		if c == '/' || c == ' ' {
			name[i] = '-'
		}
	}
	return string(name)
}
