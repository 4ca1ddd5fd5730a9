package suites_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rondohq/rondo/tools/internal/suites"
)

// module writes a workspace of its own, whose packages are the keys.
func module(t *testing.T, tests map[string]string) string {
	t.Helper()
	root := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	write("go.work", "go 1.26\nuse ./m\n")
	write("m/go.mod", "module example.test/m\ngo 1.26\n")
	for pkg, body := range tests {
		write("m/"+pkg+"/"+pkg+".go", "package "+pkg+"\n")
		if body != "" {
			write("m/"+pkg+"/"+pkg+"_test.go", "package "+pkg+"\nimport \"testing\"\n"+body)
		}
	}
	return root
}

func run(t *testing.T, r suites.Runner, all ...suites.Suite) (string, error) {
	t.Helper()
	var out bytes.Buffer
	r.Out = &out
	for i := range all {
		all[i].Timeout = time.Minute
	}
	err := r.Run(t.Context(), all)
	return out.String(), err
}

func TestRunCountsAndNamesTheReasonsOfSkips(t *testing.T) {
	t.Parallel()
	root := module(t, map[string]string{
		"good":  `func TestOne(t *testing.T) { t.Run("sub", func(*testing.T) {}) }; func TestTwo(t *testing.T) { t.Skip("no browser here") }`,
		"other": `func TestThree(t *testing.T) { if testing.Short() { t.Skip("no browser here") }; println("noise") }`,
		"bare":  "",
	})
	suite := suites.Suite{Name: "first", Packages: []string{"./m/..."}, Short: true}

	out, err := run(t, suites.Runner{Root: root}, suite)
	require.NoError(t, err, out)
	require.Regexp(t, `first +passed +\d+\.\d\d +2 +0 +1\n`, out)
	require.Contains(t, out, "no browser here\n    good.TestTwo\n")
	require.NotContains(t, out, "=== RUN")

	out, err = run(t, suites.Runner{Root: root, Short: true}, suite, suites.Suite{Name: "long", Packages: []string{"./gone/..."}})
	require.NoError(t, err, out)
	require.Contains(t, out, "no browser here\n    good.TestTwo, other.TestThree\n")
	require.NotContains(t, out, "long")
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	root := module(t, map[string]string{
		"wrong":    `func TestOne(t *testing.T) { t.Log("one is not two"); t.Fail() }`,
		"panics":   `func TestTwo(t *testing.T) { println("before the end"); panic("over") }`,
		"broken":   `func TestThree(t *testing.T) { nowhere() }`,
		"idle":     `func TestFour(t *testing.T) { t.Skip("never today") }`,
		"untested": "",
		"good":     `func TestFive(*testing.T) {}`,
	})
	for name, want := range map[string][]string{
		"wrong":    {"one is not two", `wrong +FAILED +\S+ +0 +1 +0`},
		"panics":   {"before the end", "panic: over", `panics +FAILED`},
		"broken":   {"undefined: nowhere", `broken +FAILED +\S+ +0 +0 +0`},
		"idle":     {"never today", `idle +RAN NOTHING`},
		"untested": {`untested +RAN NOTHING`},
		"missing":  {`matched? no packages|no such file|directory not found`, `missing +FAILED`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := run(t, suites.Runner{Root: root},
				suites.Suite{Name: name, Packages: []string{"./m/" + name + "/..."}},
				suites.Suite{Name: "after", Packages: []string{"./m/good/..."}},
			)
			require.EqualError(t, err, "failed: "+name)
			for _, pattern := range want {
				require.Regexp(t, pattern, out)
			}
			require.Regexp(t, `after +passed`, out, "the suites after a failed one still run")
		})
	}
}

func TestAnOptionalSuiteMaySkipAllButNotLoseAll(t *testing.T) {
	t.Parallel()
	root := module(t, map[string]string{
		"idle":     `func TestOne(t *testing.T) { t.Skip("no cluster here") }`,
		"untested": "",
	})
	optional := func(name string) suites.Suite {
		return suites.Suite{Name: name, Packages: []string{"./m/" + name + "/..."}, Optional: true}
	}
	out, err := run(t, suites.Runner{Root: root}, optional("idle"))
	require.NoError(t, err)
	require.Regexp(t, `idle +skipped`, out)
	require.Contains(t, out, "no cluster here")
	_, err = run(t, suites.Runner{Root: root}, optional("untested"))
	require.EqualError(t, err, "failed: untested")
}

func TestRunLeavesOutWhatIsAnotherSuites(t *testing.T) {
	t.Parallel()
	root := module(t, map[string]string{
		"fast": `func TestFast(*testing.T) {}`,
		"slow": `func TestSlow(t *testing.T) { t.Fatal("ran") }`,
	})
	out, err := run(t, suites.Runner{Root: root},
		suites.Suite{Name: "fast", Packages: []string{"./m/..."}, Except: []string{"./m/slow/..."}})
	require.NoError(t, err, out)
}
