using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using Compat.Engine.Hooks;
using Compat.Torch.Logging;

namespace Compat.Engine.Logging;

/// <summary>Makes the entries of the log, values and lines, from what is in the message hub.</summary>
/// <remarks>The lines are those of MMEngine, character for character, but for <c>memory</c>, which TorchSharp cannot tell. Source: MMEngine
/// <c>LogProcessor</c>.</remarks>
public sealed class LogProcessor
{
    private readonly LogProcessorOptions options;
    private readonly Regex meanPattern;

    /// <summary>Makes a processor.</summary>
    /// <param name="options">Window, digits and layout; <see langword="null"/> for the defaults.</param>
    public LogProcessor(LogProcessorOptions? options = null)
    {
        this.options = options ?? new();
        ArgumentOutOfRangeException.ThrowIfNegative(this.options.WindowSize, nameof(LogProcessorOptions.WindowSize));
        meanPattern = new Regex(this.options.MeanPattern, RegexOptions.CultureInvariant);
    }

    /// <summary>Makes the entry for an iteration.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="batchIndex">The position of the batch in its pass, from 0.</param>
    /// <param name="mode">The kind of loop.</param>
    /// <returns>
    /// Every history of this kind of loop, then <c>epoch</c> (unless counted by iteration) and <c>iter</c>, both from 1; and a line such as
    /// <c>Epoch(train) [1][10/25]  lr: 1.0000e-02  eta: 0:00:01  time: 0.0101  data_time: 0.0002  loss: 1.5705</c>.
    /// </returns>
    public LogEntry AfterIter(Runner runner, int batchIndex, LoopMode mode)
    {
        ArgumentNullException.ThrowIfNull(runner);
        OrderedDictionary<string, object?> values = CollectScalars(runner.MessageHub, mode);
        List<KeyValuePair<string, object?>> shown = [.. values];
        string rates = string.Join(
            ' ', shown.Where(IsLr).Select(value => $"{value.Key}: {PythonText.Scientific((double)value.Value!, options.NumDigits)}"));
        shown.RemoveAll(IsLr);
        string times = TakeTimes(runner.MessageHub, shown);
        if (mode != LoopMode.Train)
        {
            // As there: of a test nothing is shown, of a validation what begins so although the prefix is cut off.
            shown.RemoveAll(value => mode == LoopMode.Test || !value.Key.StartsWith("val/loss", StringComparison.Ordinal));
        }

        string line = $"{Header(runner, batchIndex, mode)}  {rates}  {times}{string.Join("  ", shown.Select(Print))}";
        if (options.ByEpoch && mode != LoopMode.Test)
        {
            values["epoch"] = Epoch(runner, mode);
        }

        values["iter"] = runner.TrainLoop is null ? 0 : runner.Progress.Iter + 1;     // one too many in a validation, as in MMEngine
        return new(values, line);
    }

    /// <summary>Makes the entry for a finished pass that is no training: metrics, then the mean times of the pass.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="batchIndex">The position of the last batch in the pass, from 0: <c>batchIndex + 1</c> entries of the times are averaged.</param>
    /// <param name="mode">The kind of loop.</param>
    /// <param name="withNonScalar">
    /// Whether the values contain pieces of information of this kind of loop, between metrics and times; the line does in any case. The default is
    /// <see langword="false"/>.
    /// </param>
    /// <returns>The values, and a line such as <c>Epoch(val) [1][12/12]    accuracy: 0.9721  data_time: 0.0001  time: 0.0023</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The mode is training, which has no such line.</exception>
    public LogEntry AfterEpoch(Runner runner, int batchIndex, LoopMode mode, bool withNonScalar = false)
    {
        ArgumentNullException.ThrowIfNull(runner);
        if (mode == LoopMode.Train)
        {
            throw new ArgumentOutOfRangeException(
                nameof(mode), mode, "The mode is Train; an epoch of training has no line of its own. Use AfterIter after its last iteration.");
        }

        OrderedDictionary<string, object?> scalars = CollectScalars(runner.MessageHub, mode);
        List<KeyValuePair<string, object?>> metrics = [.. scalars.Where(value => !IsTime(value))];
        List<KeyValuePair<string, object?>> infos = [.. OfMode(runner.MessageHub.Infos, mode)];
        List<KeyValuePair<string, object?>> times =
            [.. OfMode(runner.MessageHub.Scalars, mode).Where(IsTime).Select(time => KeyValuePair.Create(time.Key, (object?)time.Value.Mean(batchIndex + 1)))];
        int length = runner.LoaderOf(mode).Length;
        string epoch = options.ByEpoch ? $"Epoch({Name(mode)}) {(mode == LoopMode.Test ? string.Empty : $"[{Epoch(runner, mode)}]")}" : $"Iter({Name(mode)}) ";
        string line = $"{epoch}[{length}/{length}]    {string.Join("  ", metrics.Concat(infos).Concat(times).Select(Print))}";
        OrderedDictionary<string, object?> values = [];
        foreach ((string name, object? value) in metrics.Concat(withNonScalar ? infos : []).Concat(times))
        {
            values[name] = value;
        }

        return new(values, line);
    }

    private static bool IsLr(KeyValuePair<string, object?> value) => value.Key.EndsWith("lr", StringComparison.Ordinal);

    private static bool IsTime<T>(KeyValuePair<string, T> value) => value.Key is "time" or "data_time";

    private static string Name(LoopMode mode) => mode switch
    {
        LoopMode.Train => "train",
        LoopMode.Val => "val",
        _ => "test",
    };

    private static int Epoch(Runner runner, LoopMode mode) => runner.Progress.Epoch + (mode == LoopMode.Train ? 1 : 0);

    // As MMEngine: keys that start with the text of the mode, the prefix cut off.
    private static IEnumerable<KeyValuePair<string, T>> OfMode<T>(IReadOnlyDictionary<string, T> entries, LoopMode mode)
    {
        string prefix = Name(mode) + "/";
        return entries
            .Where(entry => entry.Key.StartsWith(Name(mode), StringComparison.Ordinal))
            .Select(entry => KeyValuePair.Create(entry.Key.StartsWith(prefix, StringComparison.Ordinal) ? entry.Key[prefix.Length..] : entry.Key, entry.Value));
    }

    private OrderedDictionary<string, object?> CollectScalars(MessageHub hub, LoopMode mode)
    {
        OrderedDictionary<string, object?> values = [];
        foreach ((string name, HistoryBuffer history) in OfMode(hub.Scalars, mode))
        {
            values[name] = meanPattern.IsMatch(name) ? history.Mean(options.WindowSize) : history.Current();
        }

        return values;
    }

    private string Print(KeyValuePair<string, object?> value) => $"{value.Key}: {Text(value.Value)}";

    private string Text(object? value) => value switch
    {
        null => "None",
        double number => PythonText.Fixed(number, options.NumDigits),
        string text => text,
        IEnumerable items => $"\n[{string.Join(", ", items.Cast<object?>().Select(Text))}]\n",      // on lines of its own, as MMEngine prints an array
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty,
    };

    private string TakeTimes(MessageHub hub, List<KeyValuePair<string, object?>> shown)
    {
        int time = shown.FindIndex(value => value.Key == "time");
        int dataTime = shown.FindIndex(value => value.Key == "data_time");
        if (time < 0 || dataTime < 0 || !hub.TryGetInfo("eta", out double eta))
        {
            return string.Empty;
        }

        string text = $"eta: {PythonText.Duration(eta)}  {Print(shown[time])}  {Print(shown[dataTime])}  ";
        shown.RemoveAll(IsTime);
        return text;
    }

    // Numbers are padded to the width of their maximum, so that lines stay aligned.
    private string Header(Runner runner, int batchIndex, LoopMode mode)
    {
        if (!options.ByEpoch && mode == LoopMode.Train)
        {
            return $"Iter(train) [{Pad(runner.Progress.Iter + 1, runner.MaxIters)}/{runner.MaxIters}]";
        }

        int length = runner.LoaderOf(mode).Length;
        string position = $"[{Pad(batchIndex + 1, length)}/{length}]";
        if (!options.ByEpoch)
        {
            return $"Iter({Name(mode)}) {position}";
        }

        if (mode == LoopMode.Test)
        {
            return $"Epoch(test) {position}";
        }

        string epoch = $"[{Epoch(runner, mode)}]";
        string padded = runner.TrainLoop is null ? epoch : epoch.PadLeft(Digits(runner.MaxEpochs) + 3);
        return $"Epoch({Name(mode)}){padded}{position}";
    }

    private static string Pad(int number, int maximum) => number.ToString(CultureInfo.InvariantCulture).PadLeft(Digits(maximum));

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;
}
