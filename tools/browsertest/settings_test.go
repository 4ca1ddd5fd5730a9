package browsertest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// submit fills the inputs of a form and sends it.
func (b *tab) submit(action string, fields map[string]string) {
	b.t.Helper()
	values, err := json.Marshal(fields)
	if err != nil {
		b.t.Fatal(err)
	}
	// At once, in a page that is all there: what is found in one page must not be
	// filled in after the next has come.
	b.until("filling in "+action, fmt.Sprintf(`(() => {
		const form = document.querySelector("form[action='%s']")
		if (document.readyState !== "complete" || !form) return false
		for (const [name, value] of Object.entries(%s ?? {})) form.elements[name].value = value
		return true
	})()`, action, values))
	form := fmt.Sprintf(`form[action=%q]`, action)
	b.do("sending "+action, script(fmt.Sprintf("document.querySelector('%s').requestSubmit(document.querySelector('%s button'))", form, form)))
}

func TestSettingsAreChangedAndTheAccountIsDeleted(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.visit("/settings")
	saved := `[...document.querySelectorAll("#toasts .toast")].some(e => e.textContent.includes("Settings saved"))`
	b.submit("/settings", map[string]string{"display_name": "Countess", "timezone": "Asia/Tokyo"})
	b.until("the profile is saved", saved+` && document.querySelector(".account-name").textContent.includes("Countess")`)
	b.visit("/settings")
	b.submit("/settings/quiet", map[string]string{"quiet_from": "22:00", "quiet_to": "07:00"})
	b.until("quiet hours are saved", saved+` && document.getElementById("quiet_to").value === "07:00"`)
	b.visit("/settings")
	b.submit("/settings/tokens", map[string]string{"name": "backup script"})
	b.until("the secret is shown", `/^rondo_/.test(document.getElementById("secret")?.textContent)`)
	secret := ask[string](b, `document.getElementById("secret").textContent`)
	b.visit("/settings")
	b.until("only this once", fmt.Sprintf(`!document.body.textContent.includes(%q) && document.body.textContent.includes("backup script")`, secret))
	b.button("Revoke “backup script”")
	b.until("it asks first", `document.querySelector("#tokens .ask[open] p")?.textContent.includes("locked out at once")`)
	b.do("agreeing", chromedp.Click(chromedp.CSS("#tokens .ask[open] button")))
	b.until("it is revoked", saved+` && !document.body.textContent.includes("backup script")`)

	b.visit("/settings")
	b.submit("/settings/feeds", map[string]string{"name": "Phone"})
	b.until("the feed's address is shown", `document.getElementById("feed-address")?.textContent.endsWith(".ics")`)
	calendar := `fetch(new URL(document.getElementById("feed-address").textContent).pathname, {credentials: "omit"}).then(r => r.text())`
	if got := ask[string](b, calendar); !strings.HasPrefix(got, "BEGIN:VCALENDAR") {
		t.Errorf("the feed is %.60q", got)
	}

	b.visit("/settings")
	b.submit("/settings/delete", map[string]string{"password": "not the password"})
	b.until("not with a wrong password", `document.getElementById("account-delete_password-error") !== null`)
	b.submit("/settings/delete", map[string]string{"password": b.password})
	b.until("it is gone", `location.pathname === "/sign-in" && document.body.textContent.includes("Your account is deleted")`)
	b.do("going back", chromedp.Navigate(url("/tasks")))
	b.until("nobody is signed in", `location.pathname === "/sign-in"`)
}

func TestTasksAreExportedAndImported(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.add("Exported")
	csv := ask[string](b, `fetch("/export?format=csv").then(r => r.text())`)
	file := filepath.Join(t.TempDir(), "tasks.csv")
	if err := os.WriteFile(file, []byte(csv+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := signUp(t)
	other.visit("/settings")
	other.do("choosing the file", chromedp.SetUploadFiles(chromedp.CSS("#import-file"), []string{file}))
	other.submit("/settings/import", nil)
	other.until("it says what it did", `document.getElementById("data").textContent.includes("Imported 1 task")`)
	other.visit("/tasks")
	other.shows("Exported")
}

func TestAListIsKeptUnderAName(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.add("Urgent thing p1")
	b.add("Other thing")
	b.visit("/tasks?priority=high")
	b.until("the list is narrowed", listed+`.join() === "Urgent thing"`)
	b.do("naming it", script(`document.querySelector(".chips details").open = true`))
	b.submit("/filters", map[string]string{"name": "Fires"})
	b.until("it is in the navigation", `[...document.querySelectorAll("#rooms .room-label")].some(e => e.textContent === "Fires")`)
	b.visit("/tasks")
	b.do("going there", script(`[...document.querySelectorAll("#rooms a")].find(e => e.textContent.includes("Fires")).click()`))
	b.until("the list is narrowed again", listed+`.join() === "Urgent thing"`)
	b.submit("/filters/remove", nil)
	b.until("it is forgotten", `![...document.querySelectorAll("#rooms .room-label")].some(e => e.textContent === "Fires")`)
	b.until("it says so", `document.querySelector("#toasts [data-undo]") !== null`)
	b.press("z")
	b.until("undo brings it back", `[...document.querySelectorAll("#rooms .room-label")].some(e => e.textContent === "Fires")`)
}

func TestATaskHasSubtasksAndAHistory(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.add("Move house")
	b.do("opening the details", chromedp.Click(chromedp.CSS("#list .task-title")), chromedp.WaitVisible(chromedp.CSS("#new-subtask")))
	b.submit(ask[string](b, `document.querySelector("#subtasks .detail-add").getAttribute("action")`), map[string]string{"title": "Pack the books"})
	b.until("the subtask is there", `document.querySelector(".subtask-title")?.textContent === "Pack the books"`)
	b.do("finishing it", script(`document.querySelector("#subtasks .check").click()`))
	b.until("it is ticked", `document.querySelector("#subtasks .check-on") !== null`)
	b.do("the history", script(`document.querySelector(".detail-history").open = true`))
	b.until("it says what happened", `document.querySelector(".moments")?.textContent.includes("Created")`)
}

func TestWhatAnotherDeviceChangesInTheAccountIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.add("Urgent thing p1")
	other := signIn(t, b)
	settings := signIn(t, b)
	settings.visit("/settings")
	b.visit("/tasks?priority=high")
	b.do("naming a list", script(`document.querySelector(".chips details").open = true`))
	b.submit("/filters", map[string]string{"name": "Fires"})
	inNavigation := `[...document.querySelectorAll("#rooms .room-label")].some(e => e.textContent === "Fires")`
	other.until("the list is in the navigation there, too", inNavigation)
	settings.until("also where there is no list of tasks", inNavigation)
	b.visit("/settings")
	b.submit("/settings", map[string]string{"display_name": "Countess", "timezone": "Asia/Tokyo"})
	other.until("the name", `document.querySelector(".account-name").textContent.includes("Countess")`)
	settings.until("the form shows what is saved", `document.getElementById("display-name").value === "Countess"`)
}

func TestATagIsDeletedWhenOneAgrees(t *testing.T) {
	t.Parallel()
	b := signUp(t)
	b.add("Pack #journey")
	b.visit("/tags/journey")
	b.do("its options", script(`document.querySelector(".tag-menu summary").click()`))
	b.do("deleting it", script(`document.querySelector(".tag-menu .ask summary").click()`))
	b.until("it asks first", `document.querySelector(".tag-menu[open] .ask[open] p")?.textContent.includes("lose #journey (1 open task)")`)
	b.do("agreeing", chromedp.Click(chromedp.CSS(".tag-menu .ask button")))
	b.row("Pack", `r.querySelector(".meta-tag") === null`)
}
