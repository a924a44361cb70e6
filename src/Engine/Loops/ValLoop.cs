using Compat.Engine.Evaluation;
using Compat.Engine.Model;
using Compat.Torch.Data;

namespace Compat.Engine.Loops;

/// <summary>Validates the model.</summary>
/// <remarks>Source: MMEngine <c>ValLoop</c>.</remarks>
/// <param name="runner">The runner that the loop belongs to.</param>
/// <param name="dataloader">The batches. Borrowed.</param>
/// <param name="evaluator">The metrics; <see langword="null"/> if the model's step returns losses alone. Borrowed.</param>
public class ValLoop(Runner runner, BatchLoader dataloader, Evaluator? evaluator) : EvaluationLoop(runner, dataloader, evaluator)
{
    /// <inheritdoc/>
    protected override string Stage => "val";

    /// <inheritdoc/>
    protected override void Begin()
    {
        CallBeforeVal();
        CallBeforeValEpoch();
    }

    /// <inheritdoc/>
    protected override void BeginIter(int batchIndex, DataBatch batch) => CallBeforeValIter(batchIndex, batch);

    /// <inheritdoc/>
    protected override ValOutputs Step(DataBatch batch) => Model.ValStep(batch);

    /// <inheritdoc/>
    protected override void EndIter(int batchIndex, DataBatch batch, ValOutputs outputs) => CallAfterValIter(batchIndex, batch, outputs);

    /// <inheritdoc/>
    protected override void End(IReadOnlyDictionary<string, MetricValue> metrics)
    {
        CallAfterValEpoch(metrics);
        CallAfterVal();
    }
}
