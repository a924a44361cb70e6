using Compat.Legacy.Runners;
using Compat.Torch.Logging;
using Compat.Torch.Serialization;
using Microsoft.Extensions.Logging;

namespace Compat.Legacy;

/// <summary>Writes a line to the runner's logger and one to a JSON file, <c>WorkDir/timestamp.log.json</c>.</summary>
/// <remarks>
/// The lines of both are those of MMCV, character for character, but for <c>memory</c>, which TorchSharp cannot tell. Without a work folder no JSON is
/// written. The first JSON line is the runner's meta, without what JSON cannot hold, which is named in the log. Source: MMCV <c>TextLoggerHook</c>.
/// </remarks>
public sealed class TextLoggerHook : LoggerHook
{
    private readonly TextLoggerConfig config;
    private double totalSeconds;
    private int startIter;
    private string? jsonPath;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The settings; <see langword="null"/> for the defaults.</param>
    public TextLoggerHook(TextLoggerConfig? config = null)
        : base(config ??= new()) => this.config = config;

    /// <inheritdoc/>
    public override void BeforeRun(BaseRunner runner)
    {
        base.BeforeRun(runner);
        startIter = runner.Iter;
        jsonPath = runner.WorkDir is null ? null : Path.Combine(runner.WorkDir, $"{runner.Timestamp}.log.json");
        if (jsonPath is not null && runner.Rank == 0 && runner.Meta is { } meta)
        {
            WriteMeta(runner, meta);
        }
    }

    /// <summary>Does nothing yet. MMCV copies the logs to another folder here, if asked to; the point is listed in the hook info in any case.</summary>
    /// <param name="runner">The runner that calls.</param>
    public override void AfterRun(BaseRunner runner)
    {
    }

    /// <inheritdoc/>
    protected override void Log(BaseRunner runner)
    {
        if (runner.Rank > 0)
        {
            return;                                                   // of several processes, 0 writes
        }

        string mode = GetMode(runner);
        OptimizerSnapshot lr = runner.CurrentLr();
        LogExperimentName(runner);
        string values = string.Join(
            ", ",
            runner.LogBuffer.Output.Where(entry => entry.Key is not ("time" or "data_time")).Select(entry => $"{entry.Key}: {PythonText.Fixed(entry.Value, 4)}"));
        LegacyLog.Line(runner.Logger, $"{(mode == "train" ? TrainHeader(runner, lr) : ValHeader(runner, mode))}{values}");
        WriteJson(Entry(runner, mode, lr));
    }

    private static double Rounded(double value) => PythonText.Round(value, 5);

    // As Python's str().
    private static string Text(PthValue value) => value switch
    {
        PthText text => text.Value,
        PthNone => "None",
        PthBool flag => flag.Value ? "True" : "False",
        _ => PythonJson.Write(value),
    };

    private static PthValue LrValue(OptimizerSnapshot lr)
    {
        if (!lr.IsNamed)
        {
            return Rounded(lr.First);
        }

        PthDict rates = new();
        foreach ((string name, IReadOnlyList<double> values) in lr.Values)
        {
            rates[name] = Rounded(values[0]);
        }

        return rates;
    }

    private void LogExperimentName(BaseRunner runner)
    {
        if (runner.Meta is { } meta && meta.TryGetValue("exp_name", out PthValue? name) && (EveryNIters(runner, config.IntervalExpName) || (ByEpoch && EndOfEpoch(runner))))
        {
            LegacyLog.Line(runner.Logger, $"Exp name: {Text(name)}");
        }
    }

    private string TrainHeader(BaseRunner runner, OptimizerSnapshot lr)
    {
        string rates = lr.IsNamed
            ? string.Join(' ', lr.Values.Select(entry => $"lr_{entry.Key}: {PythonText.Scientific(entry.Value[0], 3)}"))
            : $"lr: {PythonText.Scientific(lr.First, 3)}";
        string position = ByEpoch
            ? $"Epoch [{GetEpoch(runner)}][{GetIter(runner, inner: true)}/{runner.DataLoader!.Length}]"
            : $"Iter [{GetIter(runner, inner: true)}/{runner.MaxIters}]";
        return $"{position}\t{rates}, {Times(runner)}";
    }

    private string Times(BaseRunner runner)
    {
        double time = runner.LogBuffer.Output["time"];
        totalSeconds += time * Interval;
        double eta = totalSeconds / (runner.Iter - startIter + 1) * ((runner.MaxIters ?? 0) - runner.Iter - 1);
        string dataTime = PythonText.Fixed(runner.LogBuffer.Output["data_time"], 3);
        return $"eta: {PythonText.Duration(eta)}, time: {PythonText.Fixed(time, 3)}, data_time: {dataTime}, ";
    }

    private string ValHeader(BaseRunner runner, string mode) => ByEpoch
        ? $"Epoch({mode}) [{GetEpoch(runner)}][{GetIter(runner, inner: true)}]\t"
        : $"Iter({mode}) [{GetIter(runner, inner: true)}]\t";

    private PthDict Entry(BaseRunner runner, string mode, OptimizerSnapshot lr)
    {
        PthDict entry = new()
        {
            ["mode"] = mode,
            ["epoch"] = GetEpoch(runner),
            ["iter"] = GetIter(runner, inner: true),
            ["lr"] = LrValue(lr),
        };
        foreach ((string name, double value) in runner.LogBuffer.Output)
        {
            entry[name] = Rounded(value);
        }

        return entry;
    }

    private void WriteMeta(BaseRunner runner, RunnerMeta meta)
    {
        MetaJson json = new(meta);
        WriteJson(json.Value);
        if (json.LeftOut.Count > 0 && ReferenceEquals(this, runner.Hooks.OfType<TextLoggerHook>().FirstOrDefault(this)))
        {
            CompatEvents.Write(
                runner.Logger,
                LogLevel.Warning,
                CompatEvents.MetaLeftOut,
                $"The JSON log lacks these parts of the runner's meta, which JSON cannot hold: {string.Join(", ", json.LeftOut)}. Use texts, numbers, lists, and "
                + "dictionaries with texts as keys for what shall be read there.");
        }
    }

    private void WriteJson(PthDict entry)
    {
        if (jsonPath is not null)
        {
            File.AppendAllText(jsonPath, PythonJson.Write(entry) + "\n");
        }
    }
}
