using Compat.Engine.Hooks;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;

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
        CheckTogether(
            "validation",
            (nameof(options.ValDataloader), options.ValDataloader is not null),
            (nameof(options.ValEvaluator), options.ValEvaluator is not null));
        if (options.ParamSchedulers.Count > 0 && options.OptimWrapper is null)
        {
            throw new ArgumentException("ParamSchedulers are set, but OptimWrapper is not. Set OptimWrapper, or leave ParamSchedulers out.", nameof(options));
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

    public static BaseOptimWrapper BuildOptimWrapper(Runner runner, RunnerOptions options)
    {
        BaseOptimWrapper wrapper = options.OptimWrapper!.Build(options.Model);
        wrapper.Attach(new OptimWrapperContext { MessageHub = runner.MessageHub, Logger = runner.Logger });
        return wrapper;
    }

    public static ParamScheduler[] BuildParamSchedulers(Runner runner, RunnerOptions options) =>
        [.. options.ParamSchedulers.SelectMany(scheduler => Complete(runner, scheduler).Build(runner.OptimWrapper))];

    public static ValLoop? BuildValLoop(Runner runner, RunnerOptions options) =>
        options.ValDataloader is null ? null : new ValLoop(runner, options.ValDataloader, options.ValEvaluator!);

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
                $"For {purpose}, {string.Join(" and ", present)} is set, but {string.Join(" and ", missing)} is not. Set all of them, or none.",
                nameof(settings));
        }
    }
}
