//! Exchanges and events in words, for a person to read.

use super::view::View;
use crate::{event::Event, model::Stimulus, octets::escape};

/// What the exchange was about, for a person to read.
pub(super) fn about(view: &View<'_>, index: usize) -> String {
    match &view.exchanges()[index].stimulus {
        Stimulus::Connection => "the connection".into(),
        Stimulus::Command(line) => format!("`{}`", shortened(line.text)),
        Stimulus::Response(line) => format!("the response `{}`", shortened(line.text)),
        Stimulus::Message(message) => match (message.content_size, message.complete) {
            (Some(size), _) => format!("the message of {size} octets"),
            (None, true) => "the message".into(),
            (None, false) => "the message that was cut off".into(),
        },
    }
}

/// At most a line of it.
pub(super) fn shortened(text: &[u8]) -> String {
    const MOST: usize = 80;
    let dots = if text.len() > MOST { "..." } else { "" };
    format!(
        "{}{dots}",
        escape(&text[..text.len().min(MOST)]).escape_debug()
    )
}

/// The event with the argument that a person looks for first.
pub(super) fn shown(event: &Event) -> String {
    let kind = event.kind();
    let argument = match event {
        Event::OnHeloCommand { domain } | Event::OnEhloCommand { domain } => domain.as_ref(),
        Event::OnMailCommand { reverse_path, .. } => reverse_path.as_ref(),
        Event::OnRcptCommand { forward_path, .. } => forward_path.as_ref(),
        Event::OnReject { response, .. } => response.as_ref(),
        Event::OnEndOfData {
            content: Some(content),
        } => {
            return format!(
                "{kind}({} octets, SHA-256 {:.12}...)",
                content.size, content.sha256
            );
        }
        Event::OnEndOfHeaders {
            headers: Some(headers),
        } => {
            return format!(
                "{kind}({} octets, SHA-256 {:.12}...)",
                headers.size, headers.sha256
            );
        }
        _ => None,
    };
    argument.map_or_else(
        || kind.to_string(),
        |octets| format!("{kind}({})", shortened(&octets.0)),
    )
}
