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
    /// Which side of a choice (`!If`) the stack is on: the first or the second.
    side: usize,
}

impl<'a> Alarm<'a> {
    pub(crate) fn all(template: &'a Template) -> Vec<Self> {
        let alarms = template.of_type("AWS::CloudWatch::Alarm");
        alarms.map(|(id, properties)| Self { id, properties, template, side: 1 }).collect()
    }

    pub(crate) fn named(template: &'a Template, id: &'a str) -> Self {
        Self { id, properties: at(template.resource(id), &["Properties"]), template, side: 1 }
    }

    /// The same of a stack on the other side of its choices.
    pub(crate) fn otherwise(self) -> Self {
        Self { side: 2, ..self }
    }

    fn chosen(&self, value: &'a Value) -> &'a Value {
        value["Fn::If"].as_array().map_or(value, |choice| self.chosen(&choice[self.side]))
    }

    fn queries(&self) -> Vec<&'a Value> {
        let queries = items(&self.properties["Metrics"]).into_iter().map(|query| self.chosen(query));
        queries.filter(|query| query["Ref"] != "AWS::NoValue").collect()
    }

    fn text_of(&self, query: &'a Value) -> Option<&'a str> {
        let expression = self.chosen(&query["Expression"]);
        expression.as_str().or_else(|| expression["Fn::Sub"].as_str())
    }

    pub(crate) fn metrics(&self) -> Vec<Used> {
        if self.properties["Metrics"].is_null() {
            return vec![used(String::new(), self.properties, self.properties)];
        }
        let metric = |query: &'a Value| {
            let (id, stat) = (text(&query["Id"]).to_owned(), &query["MetricStat"]);
            match self.text_of(query) {
                Some(expression) if expression.starts_with("SELECT ") => Some(selected(id, expression, query)),
                Some(_) => None,
                None => Some(used(id, &stat["Metric"], stat)),
            }
        };
        self.queries().into_iter().filter_map(metric).collect()
    }

    /// What is compared with the threshold, if it is computed: the one query that returns data.
    pub(crate) fn expression(&self) -> Option<&'a str> {
        let queries = self.queries().into_iter();
        let mut returned = queries.filter(|query| query.is_object() && query["ReturnData"] != false);
        let returned_query = returned.next()?;
        let expression = self.text_of(returned_query).expect("what returns data is an expression");
        // A query of Metrics Insights is its own only series.
        let expression = if expression.starts_with("SELECT ") { text(&returned_query["Id"]) } else { expression };
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

/// Of `SELECT SUM(Name) FROM SCHEMA("Namespace", A, B) WHERE A = 'value'`. A dimension that is not in the condition is any.
fn selected(id: String, query: &str, of: &Value) -> Used {
    let between = |from: &str, to: &str| {
        let rest = query.split_once(from).unwrap_or_else(|| panic!("{query} lacks {from}")).1;
        rest.split_once(to).unwrap_or_else(|| panic!("{query} lacks {to}")).0.to_owned()
    };
    let schema = between("SCHEMA(\"", ")");
    let (namespace, names) = schema.split_once("\", ").expect("a namespace and its dimensions");
    let value = |name: &str| {
        let condition = query.split_once(&format!("{name} = '")).and_then(|(_, rest)| rest.split_once('\''));
        condition.map_or(Value::Null, |(value, _)| serde_json::json!({ "Fn::Sub": value }))
    };
    let sum = between("SELECT ", "(");
    Used {
        id,
        namespace: namespace.to_owned(),
        name: between("(", ")"),
        dimensions: names.split(", ").map(|name| (name.to_owned(), value(name))).collect(),
        statistic: format!("{}{}", &sum[..1], sum[1..].to_lowercase()),
        period: of["Period"].as_u64().expect("a period"),
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
