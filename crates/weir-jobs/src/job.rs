//! The document of a job: who started it, how far it is, how it ended.

use std::time::Duration;

use resilience::UnixMillis;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A job that says it runs, and has written nothing for so long, was killed.
const SILENCE: Duration = Duration::from_secs(60);

/// A kind of job: what its document has beside that of all jobs, and where it is kept.
pub trait JobKind: Clone + PartialEq + Serialize + DeserializeOwned {
    /// What is about to be acted on, written down before.
    type Checkpoint: Serialize + DeserializeOwned + PartialEq;

    /// The collection of these jobs. Checkpoints of a job are in the collection `{COLLECTION}/{name}`.
    const COLLECTION: &'static str;

    /// How long a job is known after its start, and a checkpoint after it was written.
    const RETENTION: Duration;

    /// Somebody resumes the job: what was left is looked at again, and counts again.
    fn resume(&mut self);
}

/// A job, as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job<K> {
    /// How far it is.
    pub state: JobState,
    /// Who started it.
    pub by: String,
    /// The command that did.
    pub command: String,
    /// When it began.
    #[serde(rename = "started_at_ms")]
    pub started_at: UnixMillis,
    /// When this was written.
    #[serde(rename = "updated_at_ms")]
    pub updated_at: UnixMillis,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who resumed it, the last one last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<Resumption>,
    /// What its kind has beside that.
    #[serde(flatten)]
    pub work: K,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It is under way, or was killed.
    Running,
    /// Nothing is left of it.
    Done,
    /// Somebody cancelled it.
    Interrupted,
    /// It stopped by itself, or left a part undone.
    Failed,
}

impl JobState {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}

/// Somebody resumed a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumption {
    /// Who.
    pub by: String,
    /// When.
    #[serde(rename = "at_ms")]
    pub at: UnixMillis,
}

impl<K: JobKind> Job<K> {
    /// A job that begins now.
    #[must_use]
    pub fn new(by: String, command: String, work: K, now: UnixMillis) -> Self {
        Self {
            state: JobState::Running,
            by,
            command,
            started_at: now,
            updated_at: now,
            note: None,
            resumed: Vec::new(),
            work,
        }
    }

    /// Somebody resumes it.
    pub fn resume(&mut self, by: String, at: UnixMillis) {
        self.resumed.push(Resumption { by, at });
        self.state = JobState::Running;
        self.note = None;
        self.work.resume();
    }

    /// Whether it says that it runs, and nobody has heard of it for a while.
    #[must_use]
    pub fn looks_abandoned(&self, now: UnixMillis) -> bool {
        self.state == JobState::Running && now.since(self.updated_at) > SILENCE
    }
}

/// The name of a job that begins then: names sort by time, and two of one second differ.
#[must_use]
pub fn job_name(now: UnixMillis) -> String {
    let time = now.to_string();
    let digits: String = time.chars().filter(char::is_ascii_digit).take(14).collect();
    let (date, time) = digits.split_at(digits.len().min(8));
    format!("{date}T{time}Z-{:04x}", fastrand::u16(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_755_600_120);

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Count {
        kind: String,
        left: u64,
    }

    impl JobKind for Count {
        type Checkpoint = u64;
        const COLLECTION: &'static str = "counts";
        const RETENTION: Duration = Duration::from_secs(1);

        fn resume(&mut self) {
            self.left = 0;
        }
    }

    fn job() -> Job<Count> {
        Job::new("me".into(), "weir count".into(), Count { kind: "count".into(), left: 3 }, NOW)
    }

    #[test]
    fn names_sort_by_time_and_differ() {
        let (first, later) = (job_name(NOW), job_name(NOW + Duration::from_secs(1)));
        assert!(first.starts_with("20261127T050000Z-") && first.len() == 21, "{first}");
        assert!(first < later);
    }

    #[test]
    fn document_has_the_fields_of_its_kind_beside_those_of_every_job() {
        let mut written = job();
        written.resume("you".into(), NOW);
        let json = serde_json::to_value(&written).unwrap();
        assert_eq!(
            (&json["kind"], &json["state"], &json["started_at_ms"]),
            (&"count".into(), &"running".into(), &NOW.0.into())
        );
        assert_eq!((&json["left"], &json["resumed"][0]["by"]), (&0.into(), &"you".into()));
        assert_eq!(serde_json::from_value::<Job<Count>>(json).unwrap(), written);
    }

    #[test]
    fn running_job_that_wrote_nothing_for_a_minute_looks_abandoned() {
        let later = NOW + Duration::from_secs(61);
        assert!(job().looks_abandoned(later));
        assert!(!job().looks_abandoned(NOW + Duration::from_secs(60)));
        assert!(!Job { state: JobState::Done, ..job() }.looks_abandoned(later));
    }
}
