using System.Globalization;
using Compat.Legacy.Runners;

namespace Compat.Legacy.Tests.Support;

/// <summary>Records each call with the runner's counters, the general methods too, as the golden file does.</summary>
public sealed class CallRecorder : Hook
{
    public List<string> Calls { get; } = [];

    public static string Line(string method, string? mode, int epoch, int iter, int innerIter, int? maxEpochs, int? maxIters) =>
        string.Create(CultureInfo.InvariantCulture, $"{method} {mode ?? "-"} {epoch} {iter} {innerIter} {maxEpochs} {maxIters}");

    public override void BeforeRun(BaseRunner runner) => Add("before_run", runner);

    public override void AfterRun(BaseRunner runner) => Add("after_run", runner);

    public override void BeforeEpoch(BaseRunner runner) => Add("before_epoch", runner);

    public override void AfterEpoch(BaseRunner runner) => Add("after_epoch", runner);

    public override void BeforeIter(BaseRunner runner) => Add("before_iter", runner);

    public override void AfterIter(BaseRunner runner) => Add("after_iter", runner);

    public override void BeforeTrainEpoch(BaseRunner runner)
    {
        Add("before_train_epoch", runner);
        base.BeforeTrainEpoch(runner);
    }

    public override void BeforeTrainIter(BaseRunner runner)
    {
        Add("before_train_iter", runner);
        base.BeforeTrainIter(runner);
    }

    public override void AfterTrainIter(BaseRunner runner)
    {
        Add("after_train_iter", runner);
        base.AfterTrainIter(runner);
    }

    public override void AfterTrainEpoch(BaseRunner runner)
    {
        Add("after_train_epoch", runner);
        base.AfterTrainEpoch(runner);
    }

    public override void BeforeValEpoch(BaseRunner runner)
    {
        Add("before_val_epoch", runner);
        base.BeforeValEpoch(runner);
    }

    public override void BeforeValIter(BaseRunner runner)
    {
        Add("before_val_iter", runner);
        base.BeforeValIter(runner);
    }

    public override void AfterValIter(BaseRunner runner)
    {
        Add("after_val_iter", runner);
        base.AfterValIter(runner);
    }

    public override void AfterValEpoch(BaseRunner runner)
    {
        Add("after_val_epoch", runner);
        base.AfterValEpoch(runner);
    }

    private void Add(string method, BaseRunner runner) =>
        Calls.Add(Line(method, runner.Mode, runner.Epoch, runner.Iter, runner.InnerIter, runner.MaxEpochs, runner.MaxIters));
}
