//! The summary of a trigger: the first sentence of its doc comment.

use syn::{Attribute, Expr, Lit, Meta};

/// The first sentence, on one line; none when there is no doc comment.
pub(crate) fn first_sentence(attributes: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = attributes.iter().filter_map(doc_line).collect();
    let paragraph: Vec<&str> = lines
        .iter()
        .map(|line| line.trim())
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty())
        .collect();
    let text = paragraph.join(" ");
    let end = text.find(". ").map_or(text.len(), |dot| dot + 1);
    (!text.is_empty()).then(|| text[..end].to_owned())
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let Expr::Lit(literal) = &pair.value else { return None };
    match &literal.lit {
        Lit::Str(text) if pair.path.is_ident("doc") => Some(text.value()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::first_sentence;

    #[test]
    fn takes_one_sentence_over_several_lines() {
        let item: syn::DeriveInput = parse_quote! {
            /// Waits for
            /// a moment. Then fires.
            ///
            /// More.
            struct Moment;
        };
        assert_eq!(first_sentence(&item.attrs).as_deref(), Some("Waits for a moment."));
    }

    #[test]
    fn sees_that_there_is_none() {
        let item: syn::DeriveInput = parse_quote! { #[allow(dead_code)] struct Moment; };
        assert_eq!(first_sentence(&item.attrs), None);
    }
}
