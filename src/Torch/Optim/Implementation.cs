namespace Compat.Torch.Optim;

/// <summary>How an optimizer computes its update. All give the same result but for the last bits.</summary>
public enum Implementation
{
    /// <summary>The fastest that the parameters allow: fused, else one list operation per step, else one parameter at a time.</summary>
    Auto,

    /// <summary>One kernel for all parameters.</summary>
    Fused,

    /// <summary>One operation after the other, each on all parameters.</summary>
    Foreach,

    /// <summary>One parameter after the other, as TorchSharp's own optimizers.</summary>
    PerParameter,
}
