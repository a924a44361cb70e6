using Compat.Engine.Evaluation;
using Compat.Torch.Data;

namespace Compat.Engine.Loops;

/// <summary>Validates the model.</summary>
/// <remarks>Source: MMEngine <c>ValLoop</c>.</remarks>
/// <param name="runner">The runner that the loop belongs to.</param>
/// <param name="dataloader">The batches. Borrowed.</param>
/// <param name="evaluator">The metrics. Borrowed.</param>
public class ValLoop(Runner runner, BatchLoader dataloader, Evaluator evaluator) : EvaluationLoop(runner, dataloader, evaluator)
{
    /// <inheritdoc/>
    protected override void Begin()
    {
        CallBeforeVal();
        CallBeforeValEpoch();
    }

    /// <inheritdoc/>
    protected override void BeginIter(int batchIndex, DataBatch batch) => CallBeforeValIter(batchIndex, batch);

    /// <inheritdoc/>
    protected override DataBatch Step(DataBatch batch) => Model.ValStep(batch);

    /// <inheritdoc/>
    protected override void EndIter(int batchIndex, DataBatch batch, DataBatch predictions) => CallAfterValIter(batchIndex, batch, predictions);

    /// <inheritdoc/>
    protected override void End(IReadOnlyDictionary<string, double> metrics)
    {
        CallAfterValEpoch(metrics);
        CallAfterVal();
    }
}
