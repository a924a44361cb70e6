using Compat.Engine;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.TestSupport;
using Compat.Torch.Optim;

namespace Compat.Api.Tests.Support;

/// <summary>A small training on the engine, and options to change.</summary>
internal sealed class LineRun : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public LineRun(BaseDataPreprocessor? preprocessor = null) => Model = new LineModel(preprocessor);

    public LineModel Model { get; }

    public ListLogger Logger { get; } = new();

    public RunnerOptions Options => new()
    {
        Model = Model,
        WorkDir = folder.Path,
        Logger = Logger,
        TrainDataloader = LineDataset.Loader(),
        TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 2 },
        OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 } },
    };

    public static float WeightAfter(Func<RunnerOptions, RunnerOptions> change, BaseDataPreprocessor? preprocessor = null)
    {
        using LineRun run = new(preprocessor);
        using Runner runner = new(change(run.Options));
        runner.Train();
        return run.Model.Weight;
    }

    public void Dispose()
    {
        Model.Dispose();
        folder.Dispose();
    }
}
