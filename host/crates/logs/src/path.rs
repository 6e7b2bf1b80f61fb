//! Paths below the log folder. Ids come from whoever writes Dags, and Airflow copies them into paths as they are: here
//! what could lead out of the folder is refused.

use trigger_host_types::JobId;

/// Bytes of one name; the limit of common file systems.
const MOST_NAME: usize = 255;
/// Bytes of a path; a quarter of the usual limit, as the folder comes before it.
const MOST_PATH: usize = 1 << 10;

/// A path that stays below the folder it is joined to, as far as its text can say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LogPath(String);

/// Why a path cannot be that of a log. Does not quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    /// It begins with `/`.
    #[error("it is absolute")]
    Absolute,
    /// It has `..`, `.` or nothing between two `/`.
    #[error("it has a part that is empty, `.` or `..`")]
    Part,
    /// It has a NUL, a line end or another control character.
    #[error("it has a control character")]
    Control,
    /// It is longer than a path may be.
    #[error("it, or a part of it, is too long")]
    Long,
}

impl LogPath {
    /// Checks a path.
    ///
    /// # Errors
    /// It may lead elsewhere.
    pub(crate) fn new(path: &str) -> Result<Self, PathError> {
        if path.starts_with('/') {
            return Err(PathError::Absolute);
        }
        if path.contains(char::is_control) {
            return Err(PathError::Control);
        }
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(PathError::Part);
        }
        if path.len() > MOST_PATH || path.split('/').any(|part| part.len() > MOST_NAME) {
            return Err(PathError::Long);
        }
        Ok(Self(path.to_owned()))
    }

    /// The file of a task's trigger, beside the task's own log.
    ///
    /// # Errors
    /// As [`LogPath::new`].
    pub(crate) fn of_trigger(task_log: &str, job: JobId) -> Result<Self, PathError> {
        Self::new(task_log)?;
        Self::new(&format!("{task_log}.trigger.{job}.log"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The folders, outermost first, and the file's name.
    pub(crate) fn parts(&self) -> (impl Iterator<Item = &str>, &str) {
        let (folders, name) = self.0.rsplit_once('/').unwrap_or(("", &self.0));
        (folders.split('/').filter(|folder| !folder.is_empty()), name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_lead_out_is_refused() {
        for (path, why) in [
            ("/etc/passwd", PathError::Absolute),
            ("../x", PathError::Part),
            ("a/../../x", PathError::Part),
            ("a/./x", PathError::Part),
            ("a//x", PathError::Part),
            ("a/x/", PathError::Part),
            ("", PathError::Part),
            ("a\0b", PathError::Control),
            ("a\nb", PathError::Control),
        ] {
            assert_eq!(LogPath::new(path), Err(why), "{path:?}");
        }
        assert_eq!(LogPath::new(&"x".repeat(256)), Err(PathError::Long));
        assert_eq!(LogPath::new(&"x/".repeat(600)[..1_199]), Err(PathError::Long));
    }

    #[test]
    fn odd_names_that_stay_are_kept() {
        let path = LogPath::of_trigger("dag_id=..d/run_id=a+b:c d%2e/task_id=é\\/attempt=1.log", JobId(7)).unwrap();
        assert_eq!(path.as_str(), "dag_id=..d/run_id=a+b:c d%2e/task_id=é\\/attempt=1.log.trigger.7.log");
        let (folders, name) = path.parts();
        assert_eq!((folders.count(), name), (3, "attempt=1.log.trigger.7.log"));
    }
}
