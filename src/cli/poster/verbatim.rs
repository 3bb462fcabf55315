//! What is markup before a template gets it. No other file may say so of anything (tests/it/layering.rs): a
//! string that stands here unescaped must be ours alone, never a word of a profile or a person.

use maud::PreEscaped;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// Inside `<style>` nothing is unescaped, so nothing may be escaped.
pub(super) const STYLE: PreEscaped<&str> = PreEscaped(include_str!("poster.css"));

/// A drawing of rectangles, whatever the text. One unit is one module; the sheet says how large that is.
/// Error correction M: a code that lost a seventh of itself to a thumb or a tear is still read.
pub(super) fn qr_code(text: &str) -> PreEscaped<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .expect("an address within its bound fits into a QR code");
    let svg = code.render::<svg::Color>().module_dimensions(1, 1).build();
    // Inside HTML an XML declaration is an error.
    let (_, svg) = svg.split_once("?>").expect("the renderer begins with an XML declaration");
    PreEscaped(svg.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_cannot_end_its_element() {
        assert!(!STYLE.0.contains("</") && !STYLE.0.contains("<!--"));
    }

    #[test]
    fn the_drawing_holds_nothing_of_the_text() {
        let svg = qr_code("<script>alert(1)</script>\"'&").into_string();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
        assert!(
            !svg.contains("script") && !svg.contains("alert") && !svg.contains('&') && !svg.contains('\'')
        );
    }
}
