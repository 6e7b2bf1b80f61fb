//! The attributes of `trigger-host-sdk`: `#[trigger]`, `#[subscriber]`, `#[producer]`, `#[kwargs]` and `#[checkpoint]`.
//!
//! They only add derives, with the paths of the SDK's own serde and schemars, and the export of the component: an
//! author needs one dependency and no list of derives. Every refusal says what to write instead.
#![forbid(unsafe_code)]

mod summary;

use proc_macro::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Error, Fields, parse_macro_input};

/// Makes a struct the kwargs of this component's one trigger, and exports the component.
///
/// Adds `Deserialize` and `JsonSchema`, refuses keys that are not fields (`#[trigger(allow_unknown)]` lets them pass),
/// and takes the first sentence of the doc comment as the component's summary. The struct also needs
/// `impl Trigger for ...`.
#[proc_macro_attribute]
pub fn trigger(options: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    component_of("trigger", &options.to_string(), &item).unwrap_or_else(Error::into_compile_error).into()
}

/// Makes a struct the kwargs of this component's one subscriber of a shared stream, and exports the component.
///
/// As `#[trigger]`; the struct also needs `impl Subscriber for ...`.
#[proc_macro_attribute]
pub fn subscriber(options: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    component_of("subscriber", &options.to_string(), &item).unwrap_or_else(Error::into_compile_error).into()
}

/// Makes a struct the parameters of this component's one upstream of shared streams, and exports the component.
///
/// As `#[trigger]`; the struct also needs `impl Producer for ...`.
#[proc_macro_attribute]
pub fn producer(options: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    component_of("producer", &options.to_string(), &item).unwrap_or_else(Error::into_compile_error).into()
}

/// For a struct or an enum that is part of the kwargs: adds `Deserialize` and `JsonSchema`, and refuses unknown keys.
#[proc_macro_attribute]
pub fn kwargs(options: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    match allows_unknown("kwargs", &options.to_string(), &item) {
        Ok(lenient) => kwargs_of(lenient, &item).into(),
        Err(error) => error.into_compile_error().into(),
    }
}

/// For the type of a checkpoint, or a part of it: adds `Serialize`, `Deserialize`, `Clone`, `Debug` and `PartialEq`.
#[proc_macro_attribute]
pub fn checkpoint(options: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    if !options.is_empty() {
        return Error::new(item.span(), "`#[checkpoint]` takes no options").into_compile_error().into();
    }
    let name = &item.ident;
    // A generic type can only be a part of a checkpoint.
    let implementation =
        item.generics.params.is_empty().then(|| quote!(impl ::trigger_host_sdk::Checkpoint for #name {}));
    quote! {
        #[derive(
            ::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq,
            ::trigger_host_sdk::serde::Serialize, ::trigger_host_sdk::serde::Deserialize,
        )]
        #[serde(crate = "::trigger_host_sdk::serde")]
        #item

        #implementation
    }
    .into()
}

/// `what`: the name of the attribute, and of what the struct becomes.
fn component_of(what: &str, options: &str, item: &DeriveInput) -> Result<proc_macro2::TokenStream, Error> {
    let lenient = allows_unknown(what, options, item)?;
    match &item.data {
        Data::Struct(data) if matches!(data.fields, Fields::Unnamed(_)) => {
            return Err(Error::new(item.span(), "kwargs have names: write `struct Name { key: Type, .. }`"));
        }
        Data::Struct(_) => {}
        _ => {
            let text = format!("`#[{what}]` goes on the struct that holds the kwargs");
            return Err(Error::new(item.span(), text));
        }
    }
    if !item.generics.params.is_empty() {
        return Err(Error::new(
            item.generics.span(),
            format!("a {what} cannot be generic: a component holds one {what}"),
        ));
    }
    let Some(summary) = summary::first_sentence(&item.attrs) else {
        let text = format!(
            "a {what} needs a doc comment (`/// Waits for ..`): its first sentence is the summary that `inspect` shows"
        );
        return Err(Error::new(item.ident.span(), text));
    };
    let name = &item.ident;
    let kwargs = kwargs_of(lenient, item);
    let (check, role) = (format_ident!("is_{what}"), format_ident!("{what}"));
    Ok(quote! {
        #kwargs

        impl ::trigger_host_sdk::Kwargs for #name {
            const SUMMARY: &'static str = #summary;
        }

        const _: () = ::trigger_host_sdk::private::#check::<#name>();

        #[cfg(target_arch = "wasm32")]
        ::trigger_host_sdk::export!(#role #name);
    })
}

fn kwargs_of(lenient: bool, item: &DeriveInput) -> proc_macro2::TokenStream {
    let deny = (!lenient && !has_own_rule(&item.attrs)).then(|| quote!(, deny_unknown_fields));
    quote! {
        #[derive(::trigger_host_sdk::serde::Deserialize, ::trigger_host_sdk::schemars::JsonSchema)]
        #[serde(crate = "::trigger_host_sdk::serde" #deny)]
        #[schemars(crate = "::trigger_host_sdk::schemars")]
        #item
    }
}

fn allows_unknown(attribute: &str, options: &str, item: &DeriveInput) -> Result<bool, Error> {
    match options {
        "" => Ok(false),
        "allow_unknown" => Ok(true),
        _ => Err(Error::new(
            item.span(),
            format!("unknown option: write `#[{attribute}]` or `#[{attribute}(allow_unknown)]`"),
        )),
    }
}

/// Serde takes `deny_unknown_fields` once only, and not beside `untagged`.
fn has_own_rule(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("serde")).any(|attribute| {
        let text = quote!(#attribute).to_string();
        text.contains("deny_unknown_fields") || text.contains("untagged")
    })
}
