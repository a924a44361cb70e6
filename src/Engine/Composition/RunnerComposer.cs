using Compat.Engine.Data;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using static TorchSharp.torch;

namespace Compat.Engine.Composition;

/// <summary>The one place where options become objects.</summary>
internal static class RunnerComposer
{
    public static void Check(RunnerOptions options)
    {
        CheckTogether(
            "training",
            (nameof(options.TrainDataloader), options.TrainDataloader is not null),
            (nameof(options.TrainCfg), options.TrainCfg is not null),
            (nameof(options.OptimWrapper), options.OptimWrapper is not null));
        CheckModel(options);
        if (options.ParamSchedulers.Count > 0 && options.OptimWrapper is null)
        {
            throw new ArgumentException("ParamSchedulers are set, but OptimWrapper is not. Set OptimWrapper, or leave ParamSchedulers out.", nameof(options));
        }

        if (string.IsNullOrEmpty(options.WorkDir))
        {
            throw new ArgumentException(
                "WorkDir is empty; it must be the path of a folder, which is made if it is missing. Write for example WorkDir = \"work_dirs/toy\".", nameof(options));
        }
    }

    public static void RegisterHooks(Runner runner, RunnerOptions options)
    {
        DefaultHooks defaults = options.DefaultHooks;
        Hook?[] chosen =
        [
            defaults.RuntimeInfo ? new RuntimeInfoHook() : null,
            defaults.Timer ? new IterTimerHook() : null,
            defaults.SamplerSeed ? new DistSamplerSeedHook() : null,
            defaults.Logger is { } logger ? new LoggerHook(logger) : null,
            defaults.ParamScheduler ? new ParamSchedulerHook() : null,
        ];
        foreach (Hook hook in chosen.OfType<Hook>().Concat(options.CustomHooks))
        {
            runner.RegisterHook(hook);
        }
    }

    // A model that is wrapped already stays where it is, as in MMEngine.
    public static BaseModel BuildModel(Runner runner, RunnerOptions options)
    {
        BaseModel built = options.Model;
        if (built is not IModelWrapper)
        {
            built.MoveTo(options.Device ?? (cuda.is_available() ? CUDA : CPU));
            ModelWrapperOptions? wrapper = options.ModelWrapper
                ?? (runner.Collectives.Rank.WorldSize > 1 ? new MMDistributedDataParallelOptions { BroadcastBuffers = false } : null);
            built = wrapper?.Wrap(built, new ModelWrapperContext(runner.Collectives, runner.Logger)) ?? built;
        }

        for (BaseModel? model = built; model is not null; model = (model as IModelWrapper)?.Module)
        {
            model.Logger = runner.Logger;
        }

        return built;
    }

    public static BaseOptimWrapper BuildOptimWrapper(Runner runner, RunnerOptions options)
    {
        BaseOptimWrapper wrapper = options.OptimWrapper!.Build(runner.Model.StateModule);
        wrapper.Attach(new OptimWrapperContext
        {
            MessageHub = runner.MessageHub,
            Logger = runner.Logger,
            Collectives = runner.Collectives,
            Replica = runner.Replica,
            Probe = runner.Probe,
            Hooks = runner.Hooks,
        });
        return wrapper;
    }

    public static ParamScheduler[] BuildParamSchedulers(Runner runner, RunnerOptions options) =>
        [.. options.ParamSchedulers.SelectMany(scheduler => Complete(runner, scheduler).Build(runner.OptimWrapper))];

    // A loop of the other kind calls the other kind's hooks, which look for the other kind's loop.
    public static EvaluationLoop? BuildValLoop(Runner runner, RunnerOptions options)
    {
        EvaluationLoop? loop = runner.ValDataloader is { } loader ? options.ValCfg.Build(runner, loader, options.ValEvaluator) : null;
        return loop is TestLoop ? throw WrongLoop("ValCfg", loop, "tests", nameof(ValLoopOptions)) : loop;
    }

    public static EvaluationLoop? BuildTestLoop(Runner runner, RunnerOptions options)
    {
        EvaluationLoop? loop = runner.TestDataloader is { } loader ? options.TestCfg.Build(runner, loader, options.TestEvaluator) : null;
        return loop is ValLoop ? throw WrongLoop("TestCfg", loop, "validates", nameof(TestLoopOptions)) : loop;
    }

    private static ArgumentException WrongLoop(string option, EvaluationLoop loop, string does, string cure) =>
        new($"{option} builds a {loop.GetType().Name}, which {does}. Set {option} to {cure}, or to the options of a loop of your own that does not.");

    private static void CheckModel(RunnerOptions options)
    {
        if (options is { Model: IModelWrapper, ModelWrapper: not null })
        {
            throw new ArgumentException(
                $"The model is a {options.Model.GetType().Name} already, and ModelWrapper is set. Give the bare model, or leave ModelWrapper out.", nameof(options));
        }

        BaseModel model = options.Model;
        while (model is IModelWrapper wrapper)
        {
            model = wrapper.Module;
        }

        CheckEvaluation("Val", options.ValDataloader, options.ValEvaluator, model, model.HasValStep);
        CheckEvaluation("Test", options.TestDataloader, options.TestEvaluator, model, model.HasTestStep);
    }

    private static void CheckEvaluation(string kind, DataloaderOptions? loader, Evaluator? evaluator, BaseModel model, bool overridesStep)
    {
        if (evaluator is not null && loader is null)
        {
            throw new ArgumentException(
                $"{kind}Evaluator is set, but {kind}Dataloader is not. Set {kind}Dataloader, or leave {kind}Evaluator out.");
        }

        if (loader is null || overridesStep)
        {
            return;
        }

        string name = model.StateModule.GetType().Name;
        if (!model.CanPredict)
        {
            throw new ArgumentException(
                $"{kind}Dataloader is set, but {name} overrides neither Predict nor {kind}Step. Override one of them, or leave {kind}Dataloader out.");
        }

        if (evaluator is not { Metrics.Count: > 0 })
        {
            string what = evaluator is null ? $"{kind}Evaluator is not set. Set {kind}Evaluator" : $"{kind}Evaluator has no metric. Give it one";
            throw new ArgumentException($"{kind}Dataloader is set and {name} predicts, but {what}, or let {kind}Step return losses.");
        }
    }

    // As MMEngine's _build_param_scheduler: the end is filled in before epochs become iterations.
    private static ParamSchedulerOptions Complete(Runner runner, ParamSchedulerOptions options)
    {
        ParamSchedulerOptions complete = options with
        {
            End = options.End ?? options.Unit switch
            {
                ScheduleUnit.Epoch => runner.MaxEpochs,
                ScheduleUnit.Iteration => runner.MaxIters,
                _ => null,
            },
        };
        return options.ConvertToIterBased ? complete.ToIterBased(runner.TrainDataloader!.Length) : complete;
    }

    private static void CheckTogether(string purpose, params (string Name, bool IsSet)[] settings)
    {
        string[] missing = [.. settings.Where(setting => !setting.IsSet).Select(setting => setting.Name)];
        if (missing.Length > 0 && missing.Length < settings.Length)
        {
            string[] present = [.. settings.Where(setting => setting.IsSet).Select(setting => setting.Name)];
            throw new ArgumentException(
                $"For {purpose}, {string.Join(" and ", present)} {(present.Length == 1 ? "is" : "are")} set, but {string.Join(" and ", missing)} "
                + $"{(missing.Length == 1 ? "is" : "are")} not. Set all of them, or none.");
        }
    }
}
