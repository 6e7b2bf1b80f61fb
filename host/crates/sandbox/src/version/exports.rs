//! The exports of a component that was linked, looked up and checked once.

use std::marker::PhantomData;

use wasmtime::Store;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{
    Component as Native, ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower, TypedFunc,
};

use crate::log::quoted;
use crate::state::State;

/// The exports of one component.
pub struct Exports<'a> {
    native: &'a Native,
    pre: &'a InstancePre<State>,
}

/// A function that a component exports, whose type was checked.
pub struct Export<P, R> {
    index: ComponentExportIndex,
    types: PhantomData<fn(P) -> R>,
}

impl<'a> Exports<'a> {
    pub(crate) fn new(native: &'a Native, pre: &'a InstancePre<State>) -> Self {
        Self { native, pre }
    }

    /// Finds a function and checks its type, so that no call finds out. An interface is found by the version it was
    /// built for, or a compatible one.
    ///
    /// # Errors
    /// It is missing, or its type is another.
    pub fn function<P, R>(&self, interface: &str, function: &str) -> Result<Export<P, R>, String>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let missing = || format!("it does not export `{interface}#{function}`");
        let (_, instance) = self.native.get_export(None, interface).ok_or_else(missing)?;
        let (item, index) = self.native.get_export(Some(&instance), function).ok_or_else(missing)?;
        let ComponentItem::ComponentFunc(found) = item else { return Err(missing()) };
        found
            .typecheck::<P, R>(&self.pre.instance_type())
            .map_err(|error| quoted(format_args!("`{interface}#{function}` has another type: {error:#}")))?;
        Ok(Export { index, types: PhantomData })
    }
}

impl<P, R> Export<P, R>
where
    P: ComponentNamedList + Lower + Send + Sync + 'static,
    R: ComponentNamedList + Lift + Send + Sync + 'static,
{
    /// The function in an instance, to be called more than once.
    ///
    /// # Errors
    /// The engine's.
    pub fn in_instance(&self, store: &mut Store<State>, instance: &Instance) -> wasmtime::Result<TypedFunc<P, R>> {
        instance.get_typed_func(store, self.index)
    }

    /// Calls the function.
    ///
    /// # Errors
    /// The engine's, with which the call ended.
    pub async fn call(&self, store: &mut Store<State>, instance: &Instance, params: P) -> wasmtime::Result<R> {
        self.in_instance(store, instance)?.call_async(store, params).await
    }
}
