using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Which kind of wrapper updates the weights. One record per kind.</summary>
public abstract record BaseOptimWrapperOptions
{
    /// <summary>Builds the wrapper.</summary>
    /// <param name="model">The model whose parameters are updated, already on its device.</param>
    /// <returns>The wrapper; the caller owns it.</returns>
    public abstract BaseOptimWrapper Build(nn.Module model);
}
