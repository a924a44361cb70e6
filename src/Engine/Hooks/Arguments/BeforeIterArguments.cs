using Compat.Torch;
using Compat.Torch.Data;

namespace Compat.Engine.Hooks.Arguments;

/// <summary>What a hook is told before an iteration.</summary>
[HoldsTensors("owner: the iteration's dispose scope")]
public readonly struct BeforeIterArguments
{
    internal BeforeIterArguments(int batchIndex, DataBatch batch)
    {
        BatchIndex = batchIndex;
        Batch = batch;
    }

    /// <summary>Gets the position of the batch in its epoch, from 0.</summary>
    public int BatchIndex { get; }

    /// <summary>Gets the batch as it came from the loader. Borrowed; it ends with the iteration.</summary>
    public DataBatch Batch { get; }
}
