namespace Compat.Engine.Model;

/// <summary>Which wrapper to put in front of the model. One record per wrapper; one of your own derives from this.</summary>
/// <remarks>Source: MMEngine's <c>model_wrapper_cfg</c>.</remarks>
public abstract record ModelWrapperOptions
{
    /// <summary>Wraps the model.</summary>
    /// <param name="model">The model, on its device. The caller keeps owning it.</param>
    /// <param name="context">What the runner knows.</param>
    /// <returns>The wrapper, which the runner disposes; it registers, moves and changes nothing of the model.</returns>
    public abstract BaseModel Wrap(BaseModel model, ModelWrapperContext context);
}
