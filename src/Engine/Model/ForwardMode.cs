namespace Compat.Engine.Model;

/// <summary>What a forward pass is for.</summary>
public enum ForwardMode
{
    /// <summary>The losses of a training step.</summary>
    Loss,

    /// <summary>Predictions for metrics.</summary>
    Predict,

    /// <summary>The bare network's output.</summary>
    Tensor,
}
