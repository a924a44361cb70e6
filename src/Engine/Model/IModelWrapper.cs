namespace Compat.Engine.Model;

/// <summary>A model that stands in front of another one, for example to average its gradients over several processes. <see cref="ModelWrapper"/> is a base for it.</summary>
/// <remarks>Source: MMEngine's <c>is_model_wrapper</c> and the attribute <c>module</c> of its wrappers.</remarks>
public interface IModelWrapper
{
    /// <summary>Gets the model behind this one.</summary>
    BaseModel Module { get; }
}
