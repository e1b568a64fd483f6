//! The suite `smuggling`: one message that a careless server makes two, one command that it makes two.

mod forms;
mod injection;
mod look_alikes;

pub use forms::{FORMS, Form};
pub use look_alikes::{LOOK_ALIKES, SEPARATORS, look_alike_name, look_alikes};

use super::{Case, CaseError};

/// Each look-alike end of data in each form, and each line end in the middle of a command.
pub fn smuggling() -> Result<Vec<Case>, CaseError> {
    let whole = look_alikes()?;
    let forms = FORMS.into_iter();
    let mut cases: Vec<Case> = forms
        .flat_map(|form| whole.iter().map(move |case| form.of(case)))
        .collect();
    cases.extend(injection::injections()?);
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_conversation_has_a_name_of_its_own() {
        let cases = smuggling().unwrap();
        let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names.len(), cases.len());
    }
}
