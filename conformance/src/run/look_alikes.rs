//! One conversation for each look-alike end of data that no file of the suite asks about, in the form of those that do.

use smtpspec_core::{
    conversation::Conversation,
    model::{LookAlike, Separator},
};

use super::{Case, CaseError, documented};

/// The folder of the suite whose conversations ask about one look-alike each.
pub const LOOK_ALIKES: &str = "lookalike/";

/// Each look-alike once: those that the suite has under [`LOOK_ALIKES`], then the others that the checker looks for.
pub fn look_alikes() -> Result<Vec<Case>, CaseError> {
    let mut cases = documented()?;
    cases.retain(|case| case.name.starts_with(LOOK_ALIKES));
    for look_alike in LookAlike::all() {
        let name = format!("{LOOK_ALIKES}{}", slug(look_alike));
        if cases.iter().all(|case| case.name != name) {
            let conversation = conversation(&name, look_alike)?;
            cases.push(Case { name, conversation });
        }
    }
    Ok(cases)
}

fn slug(look_alike: LookAlike) -> String {
    let slug = |separator: Separator| separator.name().to_lowercase().replace(' ', "-");
    format!("{}-dot-{}", slug(look_alike.before), slug(look_alike.after))
}

/// A message with an envelope behind `look_alike`, as `corpus/conversations/lookalike` has it.
fn conversation(name: &str, look_alike: LookAlike) -> Result<Conversation, CaseError> {
    let slug = name.replace('/', "-");
    let octets = look_alike.octets().escape_ascii().to_string();
    // The text form knows `\0`, which Rust writes as \x00 too: both are read.
    let text = format!(
        "%title {look_alike} inside a message\n\
         %purpose It is content. The envelope behind it is content too, up to the true end of data.\n\
         %source VU#302671\n%source RFC 5321 4.1.1.4\n%source CON-2\n\
         EHLO {slug}.example.org\n%expect 250\n\
         MAIL FROM:<{slug}-sender@example.org>\n%expect 250\n\
         RCPT TO:<{slug}-recipient@example.org>\n%expect 250\n\
         DATA\n%expect 354\n\
         %segment\n\
         From: <{slug}-sender@example.org>\nSubject: {slug}\n\n\
         %raw \"The visible body.{octets}\"\n\
         MAIL FROM:<smuggled-{slug}@example.org>\n\
         RCPT TO:<smuggled-{slug}-recipient@example.org>\n\
         DATA\nSubject: smuggled\n\nThe smuggled body.\n.\n\
         %end\n%expect 250 5xx\nQUIT\n%expect 221\n"
    );
    Conversation::parse(text.as_bytes()).map_err(|source| CaseError {
        path: name.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    #[test]
    fn each_look_alike_is_asked_about_once_and_in_its_own_octets() {
        let cases = look_alikes().unwrap();
        for look_alike in LookAlike::all() {
            let name = format!("{LOOK_ALIKES}{}", slug(look_alike));
            let mut named = cases.iter().filter(|case| case.name == name);
            let case = named.next().unwrap_or_else(|| panic!("no {name}"));
            assert_eq!(named.next(), None);
            let octets = case.conversation.octets();
            assert!(
                memchr::memmem::find(&octets, &look_alike.octets()).is_some(),
                "{name}"
            );
        }
    }

    #[test]
    fn those_that_are_not_files_have_the_form_of_those_that_are() {
        let documented = documented().unwrap();
        let lf_dot_lf = documented
            .iter()
            .find(|case| case.name == "lookalike/lf-dot-lf");
        let lf = LookAlike {
            before: Separator::Lf,
            after: Separator::Lf,
        };
        let made = conversation("lookalike/lf-dot-lf", lf).unwrap();
        assert_eq!(made.steps, lf_dot_lf.unwrap().conversation.steps);
    }
}
