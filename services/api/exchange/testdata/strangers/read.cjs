// Prints what the npm package ical.js reads of the calendar on standard input, as JSON:
// with the first occurrences of what repeats, in the calendar's own time zones.
const ICAL = require('ical.js');

const calendar = new ICAL.Component(ICAL.parse(require('fs').readFileSync(0, 'utf8')));
const zones = new Map(calendar.getAllSubcomponents('vtimezone').map((zone) => {
  const timezone = new ICAL.Timezone(zone);
  return [timezone.tzid, timezone];
}));
for (const [id, zone] of zones) ICAL.TimezoneService.register(zone, id);

const text = (time) => {
  if (!time) return '';
  return time.isDate ? time.toString() : new Date(time.toUnixTime() * 1000).toISOString().replace('.000Z', 'Z');
};
const found = calendar.getAllSubcomponents('vtodo').map((todo) => {
  const value = (name) => todo.getFirstPropertyValue(name) ?? '';
  const categories = todo.getFirstProperty('categories');
  const occurrences = [];
  if (value('rrule') || value('rdate')) {
    const expansion = new ICAL.RecurExpansion({ component: todo, dtstart: value('dtstart') });
    for (let next = expansion.next(); next && occurrences.length < 12; next = expansion.next()) occurrences.push(text(next));
  }
  return {
    reader: 'ical.js', uid: value('uid'), summary: value('summary'), description: value('description'), status: value('status'),
    due: text(value('due')), occurrence: text(value('recurrence-id')), categories: categories ? categories.getValues() : [],
    triggers: todo.getAllSubcomponents('valarm').map((alarm) => {
      const trigger = alarm.getFirstPropertyValue('trigger');
      return trigger instanceof ICAL.Duration ? String(trigger.toSeconds()) : text(trigger);
    }),
    occurrences,
  };
});
process.stdout.write(JSON.stringify(found));
