using Compat.Engine.Model;
using Compat.Torch;
using Compat.Torch.Data;

namespace Compat.Engine.Hooks.Arguments;

/// <summary>What a hook is told after a test iteration.</summary>
[HoldsTensors("owner: the iteration's dispose scope")]
public readonly struct AfterTestIterArguments
{
    internal AfterTestIterArguments(int batchIndex, DataBatch batch, ValOutputs outputs)
    {
        BatchIndex = batchIndex;
        Batch = batch;
        Outputs = outputs;
    }

    /// <summary>Gets the position of the batch in its pass, from 0.</summary>
    public int BatchIndex { get; }

    /// <summary>Gets the batch as it came from the loader. Borrowed; it ends with the iteration.</summary>
    public DataBatch Batch { get; }

    /// <summary>Gets what the test step returned: predictions, losses, or both. Borrowed; it ends with the iteration.</summary>
    public ValOutputs Outputs { get; }
}
