//! The properties of an alarm that say which metrics it watches, and when it goes on.

use super::when::When;
use crate::template::{
    block::Block,
    error::{Line, Result},
    metric::{Metric, Series, in_yaml},
};

/// From the fields `When` and `Metrics`. Without the latter, `When` names the one metric itself.
pub(super) fn properties(when: &Block, metrics: Option<&Block>) -> Result<Vec<Line>> {
    let said = When::read(&when.text(), &when.head)?;
    let property = |text: String| when.head.with(format!("      {text}"));
    let mut out = match metrics {
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
            return Err(item.head.error("an item of a list is expected here"));
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
    if is_there { Ok(out) } else { Err(when.error(format!("Metrics has no {}", said.subject))) }
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
        Series::Metric { .. } => return Err(line.error("a metric of an alarm has an id and no label: `id = METRIC`")),
    })
}

fn dimensions(metric: &Metric) -> String {
    let one = |(name, value): &(String, String)| format!("{{ Name: {name}, Value: {} }}", in_yaml(value));
    format!("[{}]", metric.dimensions.iter().map(one).collect::<Vec<_>>().join(", "))
}
