//! The section `Alarms`: a row an alarm, which becomes a resource.

use super::{
    block::Block,
    metric::{Metric, Series, in_yaml},
    problem::{Line, Result},
    when::When,
};

/// All alarms of the stack.
#[derive(Debug)]
pub(super) struct Alarms(Vec<Alarm>);

/// An alarm as the dashboard and a composite alarm know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alarm {
    /// The row's key, without `Alarm` behind it.
    id: String,
    /// Behind the stack's name and a hyphen.
    pub(super) name: String,
    pub(super) condition: Option<String>,
}

/// Each alarm tells the stack's topic and the one of `AlarmTopicArn`, of its start and of its end.
const ACTIONS: &str = "[!Ref Alarms, !If [HasAlarmTopic, !Ref AlarmTopicArn, !Ref AWS::NoValue]]";

const FIELDS: [&str; 6] = ["Name", "Condition", "When", "Metrics", "Text", "First"];

/// The condition of what the emulator lacks.
pub(super) const ON_AWS: &str = "IsOnAws";

/// Between the alarms of a composite.
const OR: &str = " or ";

/// The longest line of a description.
const LINE: usize = 120;

/// A row with its fields.
struct Row<'a> {
    block: &'a Block,
    id: &'a str,
    fields: Vec<Block>,
}

impl<'a> Row<'a> {
    fn read(block: &'a Block) -> Result<Self> {
        let fields = block.children();
        for field in &fields {
            let name = field.entry()?;
            if !FIELDS.contains(&name) {
                let known = FIELDS.join(", ");
                return Err(field.head.problem(format!("an alarm has no field {name:?}: {known}")));
            }
        }
        Ok(Self { block, id: block.entry()?, fields })
    }

    fn field(&self, name: &str) -> Option<&Block> {
        self.fields.iter().find(|field| field.key() == Some(name))
    }

    fn required(&self, name: &str) -> Result<&Block> {
        self.field(name).ok_or_else(|| self.block.head.problem(format!("alarm {} lacks `{name}`", self.id)))
    }

    fn alarm(&self) -> Alarm {
        let name = self.field("Name").map_or_else(|| hyphenated(self.id), Block::text);
        // The emulator has neither arithmetic in alarms nor composites, and refuses both.
        let is_composite = self.field("When").is_some_and(|when| when.value().contains(OR));
        let on_aws = (is_composite || self.field("Metrics").is_some()).then(|| ON_AWS.to_owned());
        Alarm { id: self.id.to_owned(), name, condition: self.field("Condition").map(Block::text).or(on_aws) }
    }
}

impl Alarms {
    /// The alarms that these rows describe.
    pub(super) fn read(rows: &[Block]) -> Result<Self> {
        rows.iter().map(|row| Row::read(row).map(|row| row.alarm())).collect::<Result<_>>().map(Self)
    }

    pub(super) fn all(&self) -> &[Alarm] {
        &self.0
    }

    /// The resource that a row stands for.
    pub(super) fn resource(&self, block: &Block) -> Result<Block> {
        let row = Row::read(block)?;
        let Alarm { name, condition, .. } = row.alarm();
        let line = |text: String| block.head.with(text);
        let when = row.required("When")?;
        let parts = self.parts(when)?;
        let (id, kind) = match parts {
            Some(_) => (row.id.to_owned(), "CompositeAlarm"),
            None => (format!("{}Alarm", row.id), "Alarm"),
        };
        let mut body = vec![line(format!("    Type: AWS::CloudWatch::{kind}"))];
        body.extend(condition.map(|condition| line(format!("    Condition: {condition}"))));
        if let Some(parts) = &parts {
            body.push(line("    DependsOn: # A composite names alarms that are there before it.".to_owned()));
            body.extend(parts.iter().map(|part| line(format!("      - {}Alarm", part.id))));
        }
        body.push(line("    Properties:".to_owned()));
        body.push(line(format!("      AlarmName: !Sub \"${{AWS::StackName}}-{name}\"")));
        body.extend(description(&row)?);
        match parts {
            Some(parts) => body.extend(rule(&parts, &when.head)),
            None => body.extend(properties(&row, when)?),
        }
        body.extend(["AlarmActions", "OKActions"].map(|key| line(format!("      {key}: {ACTIONS}"))));
        Ok(Block { comments: block.comments.clone(), head: line(format!("  {id}:")), body })
    }

    /// The alarms of a composite: `When` names several, with `or` between them.
    fn parts(&self, when: &Block) -> Result<Option<Vec<&Alarm>>> {
        let text = when.text();
        if !text.contains(OR) {
            return Ok(None);
        }
        let known = |id: &str| self.0.iter().find(|alarm| alarm.id == id);
        let part = |id: &str| known(id).ok_or_else(|| when.head.problem(format!("there is no alarm {id}")));
        text.split(OR).map(part).collect::<Result<_>>().map(Some)
    }
}

/// The three parts that the notifier takes apart again.
fn description(row: &Row<'_>) -> Result<Vec<Line>> {
    let (text, first) = (row.required("Text")?, row.required("First")?);
    let next = first.text();
    let Some((command, section)) = next.rsplit_once(", then ") else {
        return Err(first.head.problem("`COMMAND, then SECTION` is expected here: a section of infra/RUNBOOK.md"));
    };
    let whole = format!("{} First: {command} Runbook: infra/RUNBOOK.md#{section}", text.text());
    let mut out = vec![text.head.with("      AlarmDescription: !Sub >-")];
    out.extend(folded(&whole).iter().map(|line| text.head.with(format!("        {line}"))));
    Ok(out)
}

/// In lines that are no longer than those of the sources. YAML joins them again.
fn folded(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= LINE => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn rule(parts: &[&Alarm], line: &Line) -> Vec<Line> {
    let mut out = vec![line.with("      AlarmRule: !Sub >-")];
    for (number, part) in parts.iter().enumerate() {
        let or = if number + 1 < parts.len() { " OR" } else { "" };
        out.push(line.with(format!("        ALARM(\"${{AWS::StackName}}-{}\"){or}", part.name)));
    }
    out
}

fn properties(row: &Row<'_>, when: &Block) -> Result<Vec<Line>> {
    let said = When::read(&when.text(), &when.head)?;
    let property = |text: String| when.head.with(format!("      {text}"));
    let mut out = match row.field("Metrics") {
        Some(metrics) => queries(metrics, &said, &when.head)?,
        None => {
            let metric = Metric::read(&said.subject, &when.head)?;
            vec![
                property(format!("Namespace: {}", metric.namespace)),
                property(format!("MetricName: {}", metric.name)),
                property(format!("Dimensions: {}", dimensions(&metric))),
                property(format!("Statistic: {}", metric.required_statistic(&when.head)?)),
                property(format!("Period: {}", said.period)),
            ]
        }
    };
    out.extend(said.properties().into_iter().map(property));
    out.push(property("TreatMissingData: notBreaching".to_owned()));
    Ok(out)
}

/// The list `Metrics`. What is written out already (`- Id: …`, `- !If …`) stays as it is.
fn queries(metrics: &Block, said: &When, when: &Line) -> Result<Vec<Line>> {
    let mut out = vec![metrics.head.with("      Metrics:")];
    let mut is_there = false;
    for item in metrics.children() {
        let content = item.head.content();
        let Some(text) = content.strip_prefix("- ") else {
            return Err(item.head.problem("an item of a list is expected here"));
        };
        is_there |= text.strip_prefix(&said.subject).is_some_and(|rest| rest.starts_with(" = "))
            || text == format!("Id: {}", said.subject);
        if text.starts_with(['!', '{']) || text.starts_with("Id: ") {
            let written = std::iter::once(&item.head).chain(&item.body);
            out.extend(written.map(|line| line.with(format!("  {}", line.text))));
            continue;
        }
        let query = query(&Series::read(text, &item.head)?, said, &item.head)?;
        out.extend(query.into_iter().map(|text| item.head.with(format!("        {text}"))));
    }
    if is_there { Ok(out) } else { Err(when.problem(format!("Metrics has no {}", said.subject))) }
}

fn query(series: &Series, said: &When, line: &Line) -> Result<Vec<String>> {
    Ok(match series {
        Series::Expression { id, expression, label } => {
            vec![format!("- Id: {id}"), format!("  Label: {label:?}"), format!("  Expression: {expression:?}")]
        }
        Series::Metric { id: Some(id), metric, label: None } => {
            let Metric { namespace, name, .. } = metric;
            let dimensions = dimensions(metric);
            vec![
                format!("- Id: {id}"),
                "  ReturnData: false".to_owned(),
                "  MetricStat:".to_owned(),
                format!("    Metric: {{ Namespace: {namespace}, MetricName: {name}, Dimensions: {dimensions} }}"),
                format!("    Period: {}", said.period),
                format!("    Stat: {}", metric.required_statistic(line)?),
            ]
        }
        Series::Metric { .. } => return Err(line.problem("a metric of an alarm has an id and no label: `id = METRIC`")),
    })
}

fn dimensions(metric: &Metric) -> String {
    let one = |(name, value): &(String, String)| format!("{{ Name: {name}, Value: {} }}", in_yaml(value));
    format!("[{}]", metric.dimensions.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// `IngestP99` is `ingest-p99`, `Ingest5xx` is `ingest-5xx`.
fn hyphenated(id: &str) -> String {
    let mut name = String::new();
    let mut was_lower = false;
    for c in id.chars() {
        if was_lower && !c.is_ascii_lowercase() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
        was_lower = c.is_ascii_lowercase();
    }
    name
}
