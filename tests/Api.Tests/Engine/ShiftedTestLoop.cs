using Compat.Engine;
using Compat.Engine.Evaluation;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Torch.Data;

namespace Compat.Api.Tests.Engine;

/// <summary>A user's own test loop: what the model predicts is moved up by a number.</summary>
internal sealed class ShiftedTestLoop(Runner runner, BatchLoader dataloader, Evaluator? evaluator, float shift) : TestLoop(runner, dataloader, evaluator)
{
    protected override ValOutputs Step(DataBatch batch)
    {
        Support.PointBatch points = (Support.PointBatch)base.Step(batch).Predictions!;
        return points with { Y = points.Y + shift };
    }
}
