using Compat.Torch;
using Compat.Torch.Data;

namespace Compat.Engine.Hooks.Arguments;

/// <summary>What a hook is told after a validation iteration.</summary>
[HoldsTensors("owner: the iteration's dispose scope")]
public readonly struct AfterValIterArguments
{
    internal AfterValIterArguments(int batchIndex, DataBatch batch, DataBatch predictions)
    {
        BatchIndex = batchIndex;
        Batch = batch;
        Predictions = predictions;
    }

    /// <summary>Gets the position of the batch in its pass, from 0.</summary>
    public int BatchIndex { get; }

    /// <summary>Gets the batch as it came from the loader. Borrowed; it ends with the iteration.</summary>
    public DataBatch Batch { get; }

    /// <summary>Gets what the model predicted. Borrowed; it ends with the iteration.</summary>
    public DataBatch Predictions { get; }
}
