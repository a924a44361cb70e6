using Compat.Api.Tests.Support;
using Compat.Engine;
using Compat.Engine.Evaluation;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Torch.Data;

namespace Compat.Api.Tests.Engine;

/// <summary>A user's own evaluation loop: predicts for each batch and for its mirror image, and keeps the mean of both.</summary>
internal sealed class MirroredValLoop(Runner runner, BatchLoader dataloader, Evaluator? evaluator) : EvaluationLoop(runner, dataloader, evaluator)
{
    protected override string Stage => "val";

    protected override void Begin()
    {
        CallBeforeVal();
        CallBeforeValEpoch();
    }

    protected override void BeginIter(int batchIndex, DataBatch batch) => CallBeforeValIter(batchIndex, batch);

    protected override ValOutputs Step(DataBatch batch)
    {
        PointBatch points = (PointBatch)batch;
        PointBatch straight = (PointBatch)Model.ValStep(points).Predictions!;
        PointBatch mirrored = (PointBatch)Model.ValStep(points with { X = -points.X }).Predictions!;
        return straight with { Y = (straight.Y + mirrored.Y) / 2 };
    }

    protected override void EndIter(int batchIndex, DataBatch batch, ValOutputs outputs) => CallAfterValIter(batchIndex, batch, outputs);

    protected override void End(IReadOnlyDictionary<string, MetricValue> metrics)
    {
        CallAfterValEpoch(metrics);
        CallAfterVal();
    }
}
