namespace Compat.Engine.Tests.Optim;

/// <summary>Which optimizers a golden run uses: they step, skip and keep their state in different ways.</summary>
public enum GoldenOptimizerKind
{
    /// <summary>Ours, with a fused kernel where there is one: it skips by itself.</summary>
    Fused,

    /// <summary>Ours, parameter by parameter: the scaler decides on the host.</summary>
    PerParameter,

    /// <summary>TorchSharp's own.</summary>
    TorchSharp,
}
