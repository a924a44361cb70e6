using Compat.Engine;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;

namespace Compat.Mpi.Ranks;

/// <summary>Does something to the loop in one iteration, on the ranks that it is made for.</summary>
/// <param name="acts">Whether this rank acts.</param>
/// <param name="iter">The iteration, from 0; below 0: before training.</param>
/// <param name="ask">What to do.</param>
internal sealed class StopHook(bool acts, int iter, Action<Runner> ask) : Hook
{
    public override void BeforeTrain(Runner runner)
    {
        if (acts && iter < 0)
        {
            ask(runner);
        }
    }

    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
    {
        if (acts && runner.Progress.Iter == iter)
        {
            ask(runner);
        }
    }
}
