using Compat.Engine;
using Compat.Engine.Loops;

namespace Compat.Api.Tests.Engine;

/// <summary>Settings of <see cref="WarmIterLoop"/>.</summary>
/// <param name="Loop">Those of its base.</param>
/// <param name="Trained">Where it writes down what it trains on.</param>
internal sealed record WarmIterLoopOptions(IterBasedTrainLoopOptions Loop, List<int> Trained) : TrainLoopOptions
{
    public override TrainLoop Build(Runner runner) => new WarmIterLoop(runner, Loop, Trained);
}
