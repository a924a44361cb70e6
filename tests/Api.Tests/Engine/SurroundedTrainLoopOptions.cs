using Compat.Engine;
using Compat.Engine.Loops;

namespace Compat.Api.Tests.Engine;

/// <summary>Builds a <see cref="SurroundedTrainLoop"/>.</summary>
internal sealed record SurroundedTrainLoopOptions(TrainingPosition Start, List<string> Calls) : TrainLoopOptions
{
    public override TrainLoop Build(Runner runner) => new SurroundedTrainLoop(runner, Start, Calls);
}
