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
        if (options.ValEvaluator is not null && options.ValDataloader is null)
        {
            throw new ArgumentException("ValEvaluator is set, but ValDataloader is not. Set ValDataloader, or leave ValEvaluator out.", nameof(options));
        }

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
        wrapper.UseMessageHub(runner.MessageHub);
        return wrapper;
    }

    public static ParamScheduler[] BuildParamSchedulers(Runner runner, RunnerOptions options) =>
        [.. options.ParamSchedulers.Select(scheduler => scheduler.Build(runner.OptimWrapper.ParamGroups))];

    public static EvaluationLoop? BuildValLoop(Runner runner, RunnerOptions options) =>
        options.ValDataloader is null ? null : options.ValCfg.Build(runner, options.ValDataloader, options.ValEvaluator);

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
