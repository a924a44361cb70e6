namespace Compat.Torch.Data;

/// <summary>Whether nobody wants the batches of a pass any more. It is set once, from any thread.</summary>
internal sealed class StopFlag
{
    private volatile bool isSet;

    /// <summary>Gets whether it was set.</summary>
    public bool IsSet => isSet;

    /// <summary>Sets it.</summary>
    public void Set() => isSet = true;
}
