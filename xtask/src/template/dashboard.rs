//! The section `Dashboard`: groups of widgets, which become the JSON body of one resource.

use std::fmt::Write;

use super::{
    alarm::{Alarm, ON_AWS},
    block::{Block, blocks, unquoted},
    error::{Line, Result},
    layout::Layout,
    metric::{Metric, Series, in_sub},
};

/// A group of widgets: their kind, their size, and the seconds between two points.
struct Group<'a> {
    kind: &'a str,
    size: &'a str,
    period: u32,
}

/// The resource, from the section's body.
pub(super) fn resource(section: &[Line], alarms: &[Alarm]) -> Result<Vec<Line>> {
    let Some(first) = section.first() else { return Ok(Vec::new()) };
    let mut layout = Layout::default();
    let mut widgets: Vec<(Line, String)> = Vec::new();
    for item in blocks(section) {
        let group = group(&item.head)?;
        for widget in item.children() {
            let Some(place) = layout.next(group.size) else { return Err(item.head.error(FORM)) };
            widgets.push((widget.head.clone(), text(&widget, &group, &place, alarms)?));
        }
    }
    let mut out: Vec<Line> = START.lines().map(|line| first.with(line)).collect();
    let count = widgets.len();
    for (number, (line, widget)) in widgets.into_iter().enumerate() {
        let comma = if number + 1 < count { "," } else { "" };
        let widget = widget + comma;
        out.extend(widget.lines().map(|row| line.with(format!("            {row}"))));
    }
    out.push(first.with("          ]}"));
    out.extend(choices(alarms).iter().map(|row| first.with(row)));
    Ok(out)
}

/// The resource, up to the first widget.
const START: &str = "  Dashboard:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardName: !Ref AWS::StackName
      DashboardBody: !Sub
        - |
          {\"start\": \"-PT3H\", \"periodOverride\": \"inherit\", \"widgets\": [";

pub(super) const FORM: &str =
    "a group of widgets is expected here: `- Alarms: 24 x 5`, `- Numbers: 4 x 3` or `- Graphs: 8 x 6 of 60 s`";

/// From the first line of an item.
fn group(head: &Line) -> Result<Group<'_>> {
    let read = || {
        let (kind, size) = head.content().strip_prefix("- ")?.split_once(": ")?;
        ["Alarms", "Numbers", "Graphs"].contains(&kind).then_some(())?;
        let Some((size, period)) = size.split_once(" of ") else { return Some(Group { kind, size, period: 300 }) };
        Some(Group { kind, size, period: period.strip_suffix(" s")?.parse().ok()? })
    };
    read().ok_or_else(|| head.error(FORM))
}

/// A widget, of which the key is the title, and the items are the metrics.
fn text(widget: &Block, group: &Group<'_>, place: &str, alarms: &[Alarm]) -> Result<String> {
    let title = quoted(unquoted(widget.head.content().trim_end_matches(':')));
    if group.kind == "Alarms" {
        return Ok(alarm_widget(place, &title, alarms));
    }
    let (view, whole) = match group.kind {
        "Graphs" => ("timeSeries", ""),
        _ => ("singleValue", ", \"setPeriodToTimeRange\": false"),
    };
    let (mut rows, mut mark) = (Vec::new(), String::new());
    for item in widget.children() {
        match item.head.content().strip_prefix("- at ") {
            Some(at) => mark = annotation(at, &item.head)?,
            None => rows.push(row(&item)?),
        }
    }
    let (rows, period) = (rows.join(",\n    "), group.period);
    Ok(format!(
        "{{\"type\": \"metric\", {place}, \"properties\": {{\n  \"title\": {title}, \"view\": \"{view}\", \"region\": \
         \"${{AWS::Region}}\", \"stat\": \"Sum\", \"period\": {period}{whole}{mark}, \"metrics\": [\n    {rows}\n  ]}}}}"
    ))
}

/// A line across a graph: `at PARAMETER as LABEL`.
fn annotation(text: &str, line: &Line) -> Result<String> {
    let (value, label) =
        text.split_once(" as ").ok_or_else(|| line.error("`- at PARAMETER as LABEL` is expected here"))?;
    let label = quoted(label);
    Ok(format!(", \"annotations\": {{\"horizontal\": [{{\"value\": {}, \"label\": {label}}}]}}", in_sub(value)))
}

/// A metric as CloudWatch has it: `[namespace, name, dimension, value, …, {options}]`.
fn row(item: &Block) -> Result<String> {
    let Some(text) = item.head.content().strip_prefix("- ") else {
        return Err(item.head.error("an item of a list is expected here: a metric"));
    };
    let (metric, options) = match Series::read(text, &item.head)? {
        Series::Expression { id, expression, label } => {
            let (expression, label) = (quoted(&expression), quoted(&label));
            return Ok(format!("[{{\"expression\": {expression}, \"label\": {label}, \"id\": \"{id}\"}}]"));
        }
        Series::Metric { id, metric, label } => {
            let mut options: Vec<String> =
                metric.statistic.iter().map(|statistic| format!("\"stat\": \"{statistic}\"")).collect();
            options.extend(id.map(|id| format!("\"id\": \"{id}\", \"visible\": false")));
            options.extend(label.map(|label| match label.strip_suffix(" (right)") {
                Some(label) => format!("\"label\": {}, \"yAxis\": \"right\"", quoted(label)),
                None => format!("\"label\": {}", quoted(&label)),
            }));
            (metric, options)
        }
    };
    let Metric { namespace, name, dimensions, .. } = &metric;
    let mut out = format!("[\"{namespace}\", \"{name}\"");
    for (dimension, value) in dimensions {
        // Writing to a text does not fail.
        let _ = write!(out, ", \"{dimension}\", {}", quoted(&in_sub(value)));
    }
    if !options.is_empty() {
        let _ = write!(out, ", {{{}}}", options.join(", "));
    }
    Ok(out + "]")
}

/// All alarms, those that every stack has in the body itself. The emulator lacks some of them, which harms nothing there.
fn alarm_widget(place: &str, title: &str, alarms: &[Alarm]) -> String {
    let always: Vec<_> = alarms.iter().filter(|alarm| choice(alarm).is_none()).map(arn).collect();
    format!(
        "{{\"type\": \"alarm\", {place}, \"properties\": {{\n  \"title\": {title}, \"sortBy\": \
         \"stateUpdatedTimestamp\", \"alarms\": [\n    {}${{AlarmsOfChoices}}\n  ]}}}}",
        always.join(",\n    ")
    )
}

/// CloudWatch would show an alarm that a stack is without as one whose state is unknown.
fn choices(alarms: &[Alarm]) -> Vec<String> {
    let mut out = vec!["        - AlarmsOfChoices: !Join".to_owned(), "            - \"\"".to_owned()];
    let mut dash = "- ";
    for alarm in alarms {
        let Some(condition) = choice(alarm) else { continue };
        out.push(format!("            {dash}- !If"));
        out.push(format!("                  - {condition}"));
        out.push(format!("                  - !Sub ', {}'", arn(alarm)));
        out.push("                  - \"\"".to_owned());
        dash = "  ";
    }
    if dash == "- " {
        out.push("            - []".to_owned());
    }
    out
}

fn choice(alarm: &Alarm) -> Option<&str> {
    alarm.condition.as_deref().filter(|condition| *condition != ON_AWS)
}

fn arn(alarm: &Alarm) -> String {
    let prefix = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${AWS::StackName}";
    format!("\"{prefix}-{}\"", alarm.name)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
