using Compat.Torch;
using Compat.Torch.Data;
using Compat.Torch.Training;

namespace Compat.Engine.Hooks.Arguments;

/// <summary>What a hook is told after a training iteration.</summary>
[HoldsTensors("owner: the iteration's dispose scope")]
public readonly struct AfterTrainIterArguments
{
    internal AfterTrainIterArguments(int batchIndex, DataBatch batch, LogVars outputs)
    {
        BatchIndex = batchIndex;
        Batch = batch;
        Outputs = outputs;
    }

    /// <summary>Gets the position of the batch in its epoch, from 0.</summary>
    public int BatchIndex { get; }

    /// <summary>Gets the batch as it came from the loader. Borrowed; it ends with the iteration.</summary>
    public DataBatch Batch { get; }

    /// <summary>Gets what the training step returned. Borrowed; tensors end with the iteration.</summary>
    public LogVars Outputs { get; }
}
