package enginetest

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/platform/topology"
	"github.com/rondohq/rondo/tools/internal/engine"
	"github.com/rondohq/rondo/tools/internal/reconcile"
)

func TestTheLifeOfAStack(t *testing.T) {
	t.Parallel()
	for _, env := range environments.All() {
		t.Run(env.Name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, env)

			previewed := b.preview(t)
			require.NotEmpty(t, previewed)
			for _, s := range previewed {
				require.Equal(t, apitype.OpCreate, s.Op, s.URN)
			}
			require.Empty(t, b.existing(t, previewed), "a preview has made something")

			made := b.up(t)
			require.Equal(t, names(previewed), names(made), "the update did something else than the preview said")
			require.Len(t, b.existing(t, made), len(objects(made)), "not all objects are in the cluster")

			require.Empty(t, engine.Changed(b.up(t)), "a second update changes something")
			b.noSecretIsReadable(t)

			gone, err := b.Destroy(t.Context())
			require.NoError(t, err)
			require.Equal(t, names(made), names(gone))
			require.Empty(t, b.existing(t, made), "something is left in the cluster")
			require.Empty(t, b.world.Resources(), "something is left in the clouds")
		})
	}
}

func TestDriftIsFoundAndMended(t *testing.T) {
	t.Parallel()
	b := setup(t, environments.Minikube())
	made := b.up(t)
	all := objects(made)
	require.GreaterOrEqual(t, len(all), 2)

	// One object loses what it says, another goes altogether.
	changedObject, ok := find(all, "ConfigMap")
	require.True(t, ok)
	live, err := b.cluster.Get(t.Context(), changedObject.object)
	require.NoError(t, err)
	data, _, _ := unstructured.NestedStringMap(live.Object, "data")
	require.NotEmpty(t, data)
	for key := range data {
		require.NoError(t, unstructured.SetNestedField(live.Object, "edited by hand", "data", key))
	}
	require.NoError(t, b.cluster.Replace(t.Context(), live))

	report, code := b.reconcile(t)
	require.Equal(t, 2, code)
	require.Len(t, report.Drift, 1)
	require.Equal(t, reconcile.Changed, report.Drift[0].Kind)
	require.Equal(t, changedObject.name, report.Drift[0].Name)
	require.Len(t, report.Drift[0].Changes, len(data))
	require.Equal(t, "edited by hand", report.Drift[0].Changes[0].Is)
	require.NotEqual(t, "edited by hand", report.Drift[0].Changes[0].ShouldBe)

	require.NoError(t, b.cluster.Delete(t.Context(), changedObject.object))
	report, code = b.reconcile(t)
	require.Equal(t, 2, code)
	require.Len(t, report.Drift, 1)
	require.Equal(t, reconcile.Missing, report.Drift[0].Kind)

	report, code = b.reconcile(t, "--apply")
	require.Equal(t, 0, code)
	require.True(t, report.Applied)
	_, err = b.cluster.Get(t.Context(), changedObject.object)
	require.NoError(t, err, "the object is not back")

	report, code = b.reconcile(t)
	require.Equal(t, 0, code)
	require.Empty(t, report.Drift)
}

// What people have approved is what the pipeline applies (.github/workflows/apply.yml).
func TestAnApprovedPlanIsAppliedAndNothingElse(t *testing.T) {
	t.Parallel()
	b := setup(t, environments.Minikube())
	file := filepath.Join(t.TempDir(), "plan.json")
	planned, err := b.Plan(t.Context(), file)
	require.NoError(t, err)
	made, err := b.Apply(t.Context(), file)
	require.NoError(t, err)
	require.Equal(t, names(planned), names(made))

	digest := func(c string) map[string]string {
		return map[string]string{topology.API.Name: "sha256:" + strings.Repeat(c, 64)}
	}
	require.NoError(t, b.SetDigests(t.Context(), digest("a")))
	planned, err = b.Plan(t.Context(), file)
	require.NoError(t, err)
	require.NotEmpty(t, engine.Changed(planned))
	// The plan holds no more than the approved image.
	require.NoError(t, b.SetConfig(t.Context(), auto.ConfigMap{"rondo:host": auto.ConfigValue{Value: "elsewhere.example.test"}}))
	_, err = b.Apply(t.Context(), file)
	require.ErrorContains(t, err, "violates plan")

	secrets := b.world.Secrets()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for where, secret := range secrets {
		if !strings.HasSuffix(where, ".username") && !strings.HasSuffix(where, ".user") {
			require.False(t, bytes.Contains(text, []byte(secret)), "%s is in the plan", where)
		}
	}
}

func TestRotationMakesEverySecretOfTheStackAnew(t *testing.T) {
	t.Parallel()
	b := setup(t, environments.Minikube())
	b.up(t)
	before := b.generated(t)
	b.rotate(t)
	after := b.generated(t)
	require.Len(t, after, len(before))
	for name, text := range before {
		if name == topology.WebPush.Name {
			require.Equal(t, text, after[name], "browsers lose their subscriptions")
			continue
		}
		require.NotEqual(t, text, after[name], name)
	}
	require.Empty(t, engine.Changed(b.up(t)))
	b.rotate(t, "--push")
	require.NotEqual(t, before[topology.WebPush.Name], b.generated(t)[topology.WebPush.Name])
}

// generated are the secrets that the stack has made itself, by the resource's name.
func (b *testBundle) generated(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, r := range b.world.Resources() {
		if strings.HasPrefix(r.Type, "random:") {
			all[r.Name] = r.ID
		}
	}
	require.Contains(t, all, topology.WebPush.Name)
	require.Greater(t, len(all), len(topology.Roles())+len(topology.Services()))
	return all
}

func TestWhatWasDeployedLastCanBeRestored(t *testing.T) {
	t.Parallel()
	b := setup(t, environments.Minikube())
	_, err := b.deployed(t)
	require.Error(t, err, "nothing was deployed yet")

	commit := checkIn(t, b.dir)
	first := map[string]string{topology.API.Name: "sha256:" + strings.Repeat("a", 64)}
	require.NoError(t, b.SetDigests(t.Context(), first))
	b.up(t)
	said, err := b.deployed(t)
	require.NoError(t, err)
	require.Equal(t, commit, said)

	// Another image is configured and never comes to run.
	require.NoError(t, b.SetDigests(t.Context(), map[string]string{topology.API.Name: "sha256:" + strings.Repeat("b", 64)}))
	require.NotEmpty(t, engine.Changed(b.preview(t)))
	said, err = b.deployed(t, "--restore")
	require.NoError(t, err)
	require.Equal(t, commit, said)
	require.Empty(t, engine.Changed(b.preview(t)), "the images of the last deployment are not back")
}

// checkIn makes the directory a repository with one commit, and returns that.
func checkIn(t *testing.T, dir string) string {
	t.Helper()
	var commit string
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"add", "Pulumi.yaml"},
		{"-c", "user.name=test", "-c", "user.email=test@example.test", "commit", "--quiet", "--message", "A stack"},
		{"rev-parse", "HEAD"},
	} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		commit = strings.TrimSpace(string(out))
	}
	return commit
}

// preview says what an update would do.
func (b *testBundle) preview(t *testing.T) []engine.Step {
	t.Helper()
	steps, err := b.Preview(t.Context(), false)
	require.NoError(t, err)
	return steps
}

func (b *testBundle) up(t *testing.T) []engine.Step {
	t.Helper()
	steps, err := b.Up(t.Context())
	require.NoError(t, err)
	return steps
}

// declared is a Kubernetes object of the program.
type declared struct {
	name   string
	object *unstructured.Unstructured
}

// objects are those that the steps speak of.
func objects(steps []engine.Step) []declared {
	var all []declared
	for _, s := range steps {
		if kind, ok := s.Inputs["kind"].(string); ok && strings.HasPrefix(string(s.URN.Type()), "kubernetes:") {
			if _, ok := s.Inputs["apiVersion"].(string); ok && kind != "" {
				all = append(all, declared{name: s.URN.Name(), object: &unstructured.Unstructured{Object: s.Inputs}})
			}
		}
	}
	return all
}

func find(all []declared, kind string) (declared, bool) {
	for _, d := range all {
		if d.object.GetKind() == kind {
			return d, true
		}
	}
	return declared{}, false
}

// existing are the objects that the cluster has.
func (b *testBundle) existing(t *testing.T, steps []engine.Step) []string {
	t.Helper()
	var found []string
	for _, d := range objects(steps) {
		_, err := b.cluster.Get(t.Context(), d.object)
		switch {
		case err == nil:
			found = append(found, d.name)
		case !errors.IsNotFound(err):
			require.NoError(t, err)
		}
	}
	return found
}

// noSecretIsReadable looks for everything secret in every file that the engine
// has written.
func (b *testBundle) noSecretIsReadable(t *testing.T) {
	t.Helper()
	secrets := b.world.Secrets()
	// A name stands beside its password, and elsewhere in the open.
	maps.DeleteFunc(secrets, func(where, _ string) bool {
		return strings.HasSuffix(where, ".username") || strings.HasSuffix(where, ".user")
	})
	require.NotEmpty(t, secrets)
	files := 0
	require.NoError(t, filepath.WalkDir(b.StateDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for name, secret := range secrets {
			require.False(t, bytes.Contains(text, []byte(secret)), "%s is in %s", name, path)
		}
		files++
		return err
	}))
	require.NotZero(t, files, "the engine has written nothing")
}

func names(steps []engine.Step) map[resource.URN]bool {
	all := map[resource.URN]bool{}
	for _, s := range steps {
		all[s.URN] = true
	}
	return all
}
