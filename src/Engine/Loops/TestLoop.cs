using Compat.Engine.Evaluation;
using Compat.Engine.Model;
using Compat.Torch.Data;

namespace Compat.Engine.Loops;

/// <summary>Tests the model.</summary>
/// <remarks>Source: MMEngine <c>TestLoop</c>.</remarks>
/// <param name="runner">The runner that the loop belongs to.</param>
/// <param name="dataloader">The batches. Borrowed.</param>
/// <param name="evaluator">The metrics; <see langword="null"/> if the model's step returns losses alone. Borrowed.</param>
public class TestLoop(Runner runner, BatchLoader dataloader, Evaluator? evaluator) : EvaluationLoop(runner, dataloader, evaluator)
{
    /// <inheritdoc/>
    protected override string Stage => "test";

    /// <inheritdoc/>
    protected override void Begin()
    {
        CallBeforeTest();
        CallBeforeTestEpoch();
    }

    /// <inheritdoc/>
    protected override void BeginIter(int batchIndex, DataBatch batch) => CallBeforeTestIter(batchIndex, batch);

    /// <inheritdoc/>
    protected override ValOutputs Step(DataBatch batch) => Model.TestStep(batch);

    /// <inheritdoc/>
    protected override void EndIter(int batchIndex, DataBatch batch, ValOutputs outputs) => CallAfterTestIter(batchIndex, batch, outputs);

    /// <inheritdoc/>
    protected override void End(IReadOnlyDictionary<string, MetricValue> metrics)
    {
        CallAfterTestEpoch(metrics);
        CallAfterTest();
    }
}
