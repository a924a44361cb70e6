using Compat.Engine.Model;
using Compat.Torch;
using Compat.Torch.Data;
using Compat.Torch.Training;

namespace Compat.Engine.Hooks.Arguments;

/// <summary>What a hook is told after an iteration of any kind.</summary>
[HoldsTensors("owner: the iteration's dispose scope")]
public readonly struct AfterIterArguments
{
    internal AfterIterArguments(AfterTrainIterArguments arguments)
    {
        BatchIndex = arguments.BatchIndex;
        Batch = arguments.Batch;
        Outputs = arguments.Outputs;
    }

    internal AfterIterArguments(AfterValIterArguments arguments)
    {
        BatchIndex = arguments.BatchIndex;
        Batch = arguments.Batch;
        ValOutputs = arguments.Outputs;
    }

    internal AfterIterArguments(AfterTestIterArguments arguments)
    {
        BatchIndex = arguments.BatchIndex;
        Batch = arguments.Batch;
        ValOutputs = arguments.Outputs;
    }

    /// <summary>Gets the position of the batch in its pass, from 0.</summary>
    public int BatchIndex { get; }

    /// <summary>Gets the batch as it came from the loader. Borrowed; it ends with the iteration.</summary>
    public DataBatch Batch { get; }

    /// <summary>Gets what the training step returned. Borrowed; tensors end with the iteration.</summary>
    /// <value><see langword="null"/> in any other loop.</value>
    public LogVars? Outputs { get; }

    /// <summary>Gets what the validation or test step returned: predictions, losses, or both. Borrowed; tensors end with the iteration.</summary>
    /// <value><see langword="null"/> in training.</value>
    public ValOutputs? ValOutputs { get; }
}
