//! An alarm, as template.yaml defines it.

use serde_json::Value;

use crate::model::{Template, at, items, text};

/// A metric as an alarm or a graph uses it.
#[derive(Debug)]
pub(crate) struct Used {
    /// What an expression calls it; empty where there is none.
    pub(crate) id: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) dimensions: Vec<(String, Value)>,
    pub(crate) statistic: String,
    /// Seconds.
    pub(crate) period: u64,
}

/// An alarm on one metric, or on an expression of several.
pub(crate) struct Alarm<'a> {
    pub(crate) id: &'a str,
    pub(crate) properties: &'a Value,
    template: &'a Template,
}

impl<'a> Alarm<'a> {
    pub(crate) fn all(template: &'a Template) -> Vec<Self> {
        let alarms = template.of_type("AWS::CloudWatch::Alarm");
        alarms.map(|(id, properties)| Self { id, properties, template }).collect()
    }

    pub(crate) fn named(template: &'a Template, id: &'a str) -> Self {
        Self { id, properties: at(template.resource(id), &["Properties"]), template }
    }

    pub(crate) fn metrics(&self) -> Vec<Used> {
        if self.properties["Metrics"].is_null() {
            return vec![used(String::new(), self.properties, self.properties)];
        }
        let queries = items(&self.properties["Metrics"]).into_iter().filter(|query| !query["MetricStat"].is_null());
        queries
            .map(|query| {
                let stat = &query["MetricStat"];
                used(text(&query["Id"]).to_owned(), &stat["Metric"], stat)
            })
            .collect()
    }

    /// What is compared with the threshold, if it is computed: the one query that returns data.
    pub(crate) fn expression(&self) -> Option<&'a str> {
        let queries = items(&self.properties["Metrics"]).into_iter();
        let mut returned = queries.filter(|query| query.is_object() && query["ReturnData"] != false);
        let expression = returned.next().map(|query| text(&query["Expression"]))?;
        assert!(returned.next().is_none(), "{}: an alarm is on one series", self.id);
        Some(expression)
    }

    pub(crate) fn threshold(&self) -> f64 {
        self.value("Threshold").as_f64().unwrap_or_else(|| panic!("{} has no threshold", self.id))
    }

    pub(crate) fn count(&self, property: &str) -> Option<usize> {
        self.value(property).as_u64().map(|count| usize::try_from(count).expect("a small number"))
    }

    /// A parameter's default, where it refers to one.
    fn value(&self, property: &str) -> &'a Value {
        let value = &self.properties[property];
        value["Ref"].as_str().map_or(value, |name| &self.template.parameter(name)["Default"])
    }
}

fn used(id: String, metric: &Value, stat: &Value) -> Used {
    let dimension = |one: &&Value| (text(&one["Name"]).to_owned(), one["Value"].clone());
    let statistic = ["Statistic", "ExtendedStatistic", "Stat"].iter().find_map(|key| stat[*key].as_str());
    Used {
        id,
        namespace: text(&metric["Namespace"]).to_owned(),
        name: text(&metric["MetricName"]).to_owned(),
        dimensions: items(&metric["Dimensions"]).iter().map(dimension).collect(),
        statistic: statistic.expect("a statistic").to_owned(),
        period: stat["Period"].as_u64().expect("a period"),
    }
}
