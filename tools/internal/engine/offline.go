package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"

	"github.com/rondohq/rondo/environments"
	"github.com/rondohq/rondo/tools/internal/toolchain"
	"github.com/rondohq/rondo/tools/testprovider"
)

// Offline is a stack of its own in a directory of its own: nothing outside is
// read but the checkout, and nothing outside is changed.
type Offline struct {
	*Stack

	// Env is what another engine needs to work on the same stack.
	Env map[string]string
	// StateDir is where the engine keeps what it knows.
	StateDir string
}

// OfflineOptions describe it.
type OfflineOptions struct {
	Root    string // the checkout
	Dir     string // an empty directory
	Stack   string
	Program pulumi.RunFunc
	World   *testprovider.World
	// Config is added to what the stack's file says.
	Config auto.ConfigMap
	// Progress is told how far the build of the engine is; nil tells nobody.
	Progress func(toolchain.Progress)
}

// Sample is a configuration with everything that the environment takes from
// outside, made up.
func Sample(env environments.Environment) auto.ConfigMap {
	config := auto.ConfigMap{}
	for _, s := range env.Sample() {
		config[s.Key] = auto.ConfigValue{Value: s.Value, Secret: s.Secret}
	}
	return config
}

// OpenOffline makes the stack: the settings of the checkout, the engine of the
// toolchain, the state in files below dir, and the test double as every provider.
func OpenOffline(ctx context.Context, o OfflineOptions) (*Offline, error) {
	program, err := toolchain.Ensure(ctx, o.Root, toolchain.Pulumi, o.Progress)
	if err != nil {
		return nil, err
	}
	offline := &Offline{StateDir: filepath.Join(o.Dir, "state")}
	if err := os.MkdirAll(offline.StateDir, 0o750); err != nil {
		return nil, err
	}
	if err := Install(program, o.Dir); err != nil {
		return nil, err
	}
	if err := copySettings(o.Root, o.Dir, o.Stack); err != nil {
		return nil, err
	}
	offline.Env = map[string]string{
		"PULUMI_HOME":              filepath.Join(o.Dir, "home"),
		"PULUMI_BACKEND_URL":       "file://" + offline.StateDir,
		"PULUMI_CONFIG_PASSPHRASE": rand.Text(),
		"PULUMI_SKIP_UPDATE_CHECK": "true",
	}
	maps.Copy(offline.Env, o.World.Env())
	offline.Stack, err = Open(ctx, Options{
		Stack: o.Stack, Create: true, Program: o.Program, Dir: o.Dir, Env: offline.Env, Install: o.Dir,
	})
	if err != nil {
		return nil, err
	}
	err = offline.SetConfig(ctx, o.Config)
	return offline, err
}

// copySettings takes the project's and the stack's settings along, without what
// only the owner of the real stack can read: its secrets and its secrets provider.
func copySettings(root, dir, stack string) error {
	var project map[string]any
	if err := readYAML(filepath.Join(root, "Pulumi.yaml"), &project); err != nil {
		return err
	}
	settings, _ := project["stackConfigDir"].(string)
	delete(project, "stackConfigDir")
	delete(project, "main")
	delete(project, "backend")
	if err := writeYAML(filepath.Join(dir, "Pulumi.yaml"), project); err != nil {
		return err
	}
	file := fmt.Sprintf("Pulumi.%s.yaml", stack)
	var given struct {
		Config map[string]any `yaml:"config"`
	}
	if err := readYAML(filepath.Join(root, settings, file), &given); err != nil {
		return err
	}
	maps.DeleteFunc(given.Config, func(_ string, value any) bool {
		fields, ok := value.(map[string]any)
		return ok && fields["secure"] != nil
	})
	return writeYAML(filepath.Join(dir, file), map[string]any{"config": given.Config})
}

func readYAML(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func writeYAML(path string, of any) error {
	text, err := yaml.Marshal(of)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}
