//! The section `Alarms`: a row an alarm, which becomes a resource.

mod description;
mod queries;
mod when;

use super::{
    block::Block,
    error::{Line, Result},
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
                return Err(field.head.error(format!("an alarm has no field {name:?}: {known}")));
            }
        }
        Ok(Self { block, id: block.entry()?, fields })
    }

    fn field(&self, name: &str) -> Option<&Block> {
        self.fields.iter().find(|field| field.key() == Some(name))
    }

    fn required(&self, name: &str) -> Result<&Block> {
        self.field(name).ok_or_else(|| self.block.head.error(format!("alarm {} lacks `{name}`", self.id)))
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

    /// The resource that a row describes.
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
        body.extend(description::lines(row.required("Text")?, row.required("First")?)?);
        match parts {
            Some(parts) => body.extend(rule(&parts, &when.head)),
            None => body.extend(queries::properties(when, row.field("Metrics"))?),
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
        let part = |id: &str| known(id).ok_or_else(|| when.head.error(format!("there is no alarm {id}")));
        text.split(OR).map(part).collect::<Result<_>>().map(Some)
    }
}

fn rule(parts: &[&Alarm], line: &Line) -> Vec<Line> {
    let mut out = vec![line.with("      AlarmRule: !Sub >-")];
    for (number, part) in parts.iter().enumerate() {
        let or = if number + 1 < parts.len() { " OR" } else { "" };
        out.push(line.with(format!("        ALARM(\"${{AWS::StackName}}-{}\"){or}", part.name)));
    }
    out
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
